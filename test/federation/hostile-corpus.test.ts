import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { federationCollections, inboxCollection } from "../../src/federation/records.js";
import { features } from "../../src/features.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { rawRequest, requestBytes } from "./support/raw.js";
import { seen, unseen, type Negative } from "./support/signed-negatives.js";
import { cavage, rfc9421, type Headers, type Signing, type Twist } from "./support/signed-twins.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const hour = 3_600_000;

describe("a signed request", function () {
  this.timeout(30_000);
  let count: { writes: number; calls: number };
  let town: Town;
  let peer: Peer;
  let other: Peer;
  let alice: PeerActor;
  let evil: PeerActor;
  let bait: { readonly server: Server; asked: number };

  before(async () => {
    count = { writes: 0, calls: 0 };
    town = await aTown({ storeThrough: countingWrites(count) });
    [peer, other] = [await aPeer(), await aPeer()];
    [alice, evil] = [await peer.actor("alice"), await other.actor("evil")];
    const server = createServer((req, res) => {
      bait.asked += 1;
      const { pathname, search } = new URL(req.url ?? "/", "http://bait.example");
      const location = pathname === "/circle" ? "/circle" : decodeURIComponent(search.slice(1));
      res.writeHead(location === "" ? 404 : 302, location === "" ? {} : { location }).end();
    });
    bait = { server, asked: 0 };
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    await closeTowns();
    await closePeers();
    await new Promise((resolve) => bait.server.close(resolve));
  });

  const rows = async (): Promise<number> => {
    const all = [...federationCollections, ...features.flatMap((one) => one.collections)];
    let sum = 0;
    for (const { name } of all) sum += await town.store.collection(name).countDocuments({});
    return sum;
  };

  async function send(negative: Negative, keys: Partial<Signing> = {}, actor = alice) {
    const { sign, twist = {}, ageMs = 0 } = negative;
    const body = JSON.stringify({
      ...peer.activity(actor, "Follow", `${town.origin}/actor`),
      ...negative.activity,
    });
    const date = new Date(town.clock.now().getTime() - ageMs);
    const url = `${town.origin}/inbox`;
    const { keyId, privateKey } = actor;
    const headers = sign({ url, body, date, keyId, privateKey, ...keys }, twist);
    const sent = twist.body ?? body;
    const host = new URL(town.origin).host;
    const length = String(Buffer.byteLength(sent));
    return rawRequest(
      town.origin,
      requestBytes(
        `${twist.method ?? "POST"} ${twist.path ?? "/inbox"} HTTP/1.1`,
        { host, "content-length": length, ...headers },
        sent,
      ),
    );
  }

  /** Refused with that status, and neither a row nor a request more than before. */
  async function expectNothing(work: () => Promise<{ status: number }>, status: number, asked = 0) {
    await town.settle();
    const [had, written] = [await rows(), count.writes];
    const before = peer.received.length + other.received.length + bait.asked;

    const answer = await work();

    expect(answer.status).to.equal(status);
    await town.settle();
    expect(await rows(), "rows").to.equal(had);
    expect(count.writes, "writes").to.equal(written);
    const after = peer.received.length + other.received.length + bait.asked;
    expect(after - before, "requests to others").to.be.at.most(asked);
  }

  describe("is refused unseen, without a write or a fetch, for", () => {
    for (const negative of unseen) {
      it(negative.name, () => expectNothing(() => send(negative), negative.status ?? 401));
    }

    it("the host of another city in its Host header", async () => {
      await expectNothing(async () => {
        const body = "{}";
        const signing = { url: "http://elsewhere.example/inbox", body, date: town.clock.now() };
        const headers = cavage({ ...signing, ...alice });
        const all = { host: "elsewhere.example", "content-length": "2", ...headers };
        return rawRequest(town.origin, requestBytes("POST /inbox HTTP/1.1", all, body));
      }, 421);
    });
  });

  it("is taken when all is as it should be, by either standard", async () => {
    for (const sign of [cavage, rfc9421]) {
      expect((await send({ name: "", sign })).status).to.equal(202);
    }
    const hs2019: Twist = {
      ...{ covered: ["(request-target)", "host", "(created)", "digest"], algorithm: "hs2019" },
      created: Math.floor(town.clock.now().getTime() / 1_000),
    };
    for (const negative of [
      { name: "", sign: cavage, ageMs: 0.9 * hour },
      { name: "", sign: cavage, ageMs: -0.9 * hour },
      { name: "", sign: cavage, twist: hs2019 },
      { name: "", sign: cavage, twist: { path: "/inbox?page=1" } },
      { name: "", sign: cavage, twist: { algorithm: "hs2019" } },
    ]) {
      expect((await send(negative)).status, JSON.stringify(negative)).to.equal(202);
    }
    expect((await send({ name: "", sign: both })).status).to.equal(202);
    await town.settle();
  });

  describe("is refused, without a write, once its sender is known, for", () => {
    // A known key is asked for anew once, if it is five minutes old.
    for (const negative of seen) {
      it(negative.name, () => expectNothing(() => send(negative), 401, 1));
    }

    it("a key of somebody else", () =>
      expectNothing(
        () => send({ name: "", sign: cavage }, { privateKey: evil.privateKey }),
        401,
        1,
      ));

    it("the name of somebody else", () =>
      expectNothing(
        () => send({ name: "", sign: cavage, activity: { actor: `${peer.origin}/users/bob` } }),
        401,
        1,
      ));
  });

  describe("is refused, with no more than its key asked for, when the key", () => {
    const pem = (actor: PeerActor): string =>
      (actor.document["publicKey"] as { publicKeyPem: string }).publicKeyPem;
    const by = (keyId: string) => () =>
      send({ name: "", sign: cavage }, { keyId, privateKey: evil.privateKey });

    it("names another owner than its own server's", async () => {
      const id = `${other.origin}/keys/1`;
      other.documents.set("/keys/1", { id, owner: alice.uri, publicKeyPem: pem(evil) });
      await expectNothing(by(id), 401, 2);
    });

    it("names an owner who lists a different key", async () => {
      const id = `${peer.origin}/keys/2`;
      peer.documents.set("/keys/2", { id, owner: alice.uri, publicKeyPem: pem(evil) });
      await expectNothing(by(id), 401, 2);
    });

    it("is in a document of another id", async () => {
      other.documents.set("/users/liar", { ...evil.document, id: alice.uri });
      await expectNothing(by(`${other.origin}/users/liar#main-key`), 401, 2);
    });

    it("is nowhere", () => expectNothing(by(`${peer.origin}/users/nobody#main-key`), 401, 1));

    it("is ours", () => expectNothing(by(`${town.origin}/actor#main-key`), 401, 0));

    it("is no address of a document", async () => {
      for (const keyId of [
        "acct:a@b.c",
        "file:///etc/passwd",
        "https://a:b@c.example/k",
        "alice",
      ]) {
        await expectNothing(by(keyId), 401, 0);
      }
    });

    it("is listed with another owner by its own owner", async () => {
      const uri = `${other.origin}/users/two-faced`;
      const id = `${uri}#main-key`;
      const publicKey = { id, owner: alice.uri, publicKeyPem: pem(evil) };
      other.documents.set("/users/two-faced", { ...evil.document, id: uri, publicKey });
      await expectNothing(by(id), 401, 1);
    });

    it("names two owners", async () => {
      const id = `${other.origin}/keys/3`;
      const owners = { owner: evil.uri, controller: alice.uri };
      other.documents.set("/keys/3", { id, ...owners, publicKeyPem: pem(evil) });
      await expectNothing(by(id), 401, 1);
    });

    it("is proven, and is somebody else's of another server", () =>
      expectNothing(by(evil.keyId), 401, 1));
  });

  describe("is refused, and nothing inside is asked, when the key", () => {
    const inside = (): string =>
      `http://127.0.0.1:${(bait.server.address() as AddressInfo).port}/key`;

    it("leads to a service of this machine or of its network", async () => {
      const strict = await aTown({ allowPrivate: false });
      const activity = peer.activity(alice, "Follow", `${strict.origin}/actor`);
      const hosts = [
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[fc00::1]",
      ];
      const mapped = ["[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "a.localhost"];
      const all = [...hosts, ...mapped].map((host) => `http://${host}/key`);
      for (const keyId of [inside(), ...all]) {
        const answer = await peer.post(strict, alice, activity, { keyId });
        expect(answer.status, keyId).to.be.oneOf([400, 401, 403]);
      }

      expect(bait.asked).to.equal(0);
      expect(await strict.visitor.collection(inboxCollection).countDocuments({})).to.equal(0);
    });

    it("is sent on to such a service, to another scheme, to us, or to somebody else", async () => {
      const away = inside().replace("/key", "/away?");
      for (const location of [
        ...[
          "http://169.254.169.254/latest/meta-data",
          "http://[fe80::1]/key",
          "http://0.0.0.0/key",
        ],
        ...[
          "https://127.0.0.1/key",
          "file:///etc/passwd",
          "gopher://127.0.0.1/",
          "//[::ffff:0:0]/",
        ],
        ...[`${town.origin}/actor`, alice.uri],
      ]) {
        const keyId = `${away}${encodeURIComponent(location)}`;
        const keys = { keyId, privateKey: evil.privateKey };
        const known = location === alice.uri ? 1 : 0;
        await expectNothing(() => send({ name: "", sign: cavage }, keys), 401, 1 + known);
      }
    });

    it("is sent on in circles", async () => {
      const keyId = inside().replace("/key", "/circle");
      const keys = { keyId, privateKey: evil.privateKey };
      await expectNothing(() => send({ name: "", sign: cavage }, keys), 401, 1);
    });
  });

  it("made for another city is refused by this one", async () => {
    const twin = await aTown();
    const body = JSON.stringify(peer.activity(alice, "Follow", `${town.origin}/actor`));
    for (const sign of [cavage, rfc9421]) {
      const signing = { url: `${twin.origin}/inbox`, body, date: town.clock.now(), ...alice };
      const headers = sign(signing);
      const here = { host: new URL(town.origin).host, "content-length": String(body.length) };
      const bytes = requestBytes("POST /inbox HTTP/1.1", { ...here, ...headers }, body);
      await expectNothing(() => rawRequest(town.origin, bytes), 401, 1);
      const there = { ...here, host: new URL(twin.origin).host };
      const forTwin = requestBytes("POST /inbox HTTP/1.1", { ...there, ...headers }, body);
      expect((await rawRequest(twin.origin, forTwin)).status).to.equal(202);
    }
  });
});

/** RFC 9421, with the Digest of the older standard beside it. */
function both(signing: Signing): Headers {
  return { ...cavage(signing), ...rfc9421(signing) };
}
