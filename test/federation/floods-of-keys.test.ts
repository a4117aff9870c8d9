import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers, type Peer, type PeerActor, type SignedPost } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

/** Send something from another address of this machine; the status it is answered, if ever. */
function from(localAddress: string, { url, body, headers }: SignedPost) {
  const request = httpRequest(url, { method: "POST", localAddress, headers, agent: false });
  const answered = new Promise<number>((resolve) => {
    request.on("response", (answer) => resolve(answer.resume().statusCode ?? 0));
    request.on("error", () => undefined);
  });
  request.end(body);
  return { request, answered };
}

/** A server that answers slowly, and knows how many asked at once. */
interface Slow {
  readonly origin: string;
  asked: number;
  most: number;
  /** What is answered is held until this is called. */
  release(): void;
  close(): Promise<void>;
}

async function aSlowServer(): Promise<Slow> {
  let [now, release] = [0, (): void => undefined];
  const held = new Promise<void>((resolve) => (release = resolve));
  const server: Server = createServer((_req, res) => {
    slow.asked += 1;
    now += 1;
    slow.most = Math.max(slow.most, now);
    void held.then(() => {
      now -= 1;
      res.writeHead(404).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const slow: Slow = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ asked: 0, most: 0 },
    release: () => release(),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return slow;
}

describe("a flood of keys that nobody has heard of", function () {
  this.timeout(60_000);
  const count = { writes: 0, calls: 0 };
  let town: Town;
  let peer: Peer;
  let alice: PeerActor;
  let evil: PeerActor;

  beforeEach(async () => {
    town = await aTown({ storeThrough: countingWrites(count), timing: { newKeysPerDomain: 10 } });
    peer = await aPeer();
    [alice, evil] = [await peer.actor("alice"), await peer.actor("evil")];
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const knock = async (keyId: string, by = evil): Promise<number> => {
    const activity = peer.activity(by, "Follow", `${town.origin}/actor`);
    const answer = await peer.post(town, by, { ...activity, actor: by.uri }, { keyId });
    await answer.arrayBuffer();
    return answer.status;
  };
  const asked = (): number => peer.received.filter(({ method }) => method === "GET").length;
  const entries = (): Promise<number> =>
    town.visitor.collection(inboxCollection).countDocuments({});

  it("at the many hosts of one domain asks few of them, and no other domain waits for it", async () => {
    const { port } = new URL(peer.origin);
    expect(await knock(alice.keyId, alice)).to.equal(202);
    await town.settle();
    const [written, before] = [count.writes, asked()];
    const statuses: number[] = [];
    for (let at = 0; at < 60; at += 1) {
      statuses.push(await knock(`http://h${at}.flood.localhost:${port}/users/evil#main-key`));
    }

    expect(statuses.filter((status) => status === 401)).to.have.length(10);
    expect(statuses.filter((status) => status === 429)).to.have.length(50);
    expect(asked() - before).to.equal(10);
    expect(await knock(`http://a.calm.localhost:${port}/users/evil#main-key`)).to.equal(401);
    expect(asked() - before).to.equal(11);
    expect(count.writes).to.equal(written);
    expect(await entries()).to.equal(1);
    expect(await knock(alice.keyId, alice)).to.equal(202);
  });

  it("that are nowhere asks for each but once, however often it comes", async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 40; at += 1) statuses.push(await knock(`${peer.origin}/keys/${at % 4}`));

    expect(new Set(statuses)).to.deep.equal(new Set([401]));
    expect(asked()).to.equal(4);
    expect(await entries()).to.equal(0);
  });

  it("at a slow host holds few places there, and leaves everybody else theirs", async () => {
    const slow = await aSlowServer();
    const follow = peer.activity(evil, "Follow", `${town.origin}/actor`);
    const flood = Array.from({ length: 60 }, (_, at) => {
      const keyId = `${slow.origin}/keys/${at}`;
      return from(`127.0.1.${at + 1}`, peer.signed(town, evil, follow, { keyId })).answered;
    });
    const early = Promise.all(flood);
    while (slow.asked < 4) await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await knock(alice.keyId, alice)).to.equal(202);
    slow.release();
    const statuses = await early;

    expect(slow.most).to.be.at.most(4);
    expect(slow.asked).to.be.at.most(10);
    for (const status of new Set(statuses)) expect(status).to.be.oneOf([401, 429, 503]);
    expect(await entries()).to.equal(1);
    await slow.close();
  });

  it("at silent servers that one client names leaves newcomers their way in", async () => {
    let waiting = 0;
    const silent = createServer(() => void (waiting += 1));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const forged = Array.from({ length: 32 }, (_, at) => {
      const uri = `http://s${at % 4}.silent-${at % 4}.localhost:${port}/u/${at}`;
      const activity = { id: `${uri}/a`, type: "Like", actor: uri, object: town.origin };
      return from("127.0.0.66", peer.signed(town, { ...evil, uri, keyId: `${uri}#k` }, activity));
    });

    const refused: number[] = [];
    for (const { answered } of forged) void answered.then((status) => void refused.push(status));
    const told = (status: number): number => refused.filter((one) => one === status).length;
    while (waiting < 8 || told(429) < 24) await new Promise((resolve) => setTimeout(resolve, 5));
    const flag = peer.activity(alice, "Flag", town.origin);
    const spared = await peer.post(town, alice, flag);

    expect(waiting).to.equal(8);
    expect(spared.status).to.equal(202);
    for (const { request } of forged) request.destroy();
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});
