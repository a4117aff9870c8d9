import { connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { Client } from "undici";
import { createWebServer } from "../../src/hosting/web-server.js";
import { commentsCollection } from "../../src/features/comments/comments.js";
import { inboxCollection } from "../../src/federation/records.js";
import { queueNames } from "../../src/kit/work.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns } from "./support/town.js";

/** Mebibytes of the heap that are in use once all garbage is collected. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed / 1_048_576;
}

describe("a flood", function () {
  this.timeout(60_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const gets = (received: ReadonlyArray<{ method: string }>): number =>
    received.filter(({ method }) => method === "GET").length;

  it("of 300 tags or 300 mentions costs no fetch, and the mentions no comment", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Like", proposal.uri);
    const before = gets(peer.received);
    const tags = Array.from({ length: 300 }, (_, at) => ({
      ...{ type: "Hashtag", name: `#t${at}`, href: `${peer.origin}/tags/${at}` },
    }));
    const mentions = tags.map(({ href }) => ({ type: "Mention", name: "@x", href }));

    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri, tag: tags }));
    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri, tag: mentions }));

    expect(gets(peer.received)).to.equal(before);
    const rows = town.visitor.collection(commentsCollection);
    const inState = (state: "held" | "refused") =>
      rows.countDocuments({ proposalId: proposal._id, state });
    expect([await inState("held"), await inState("refused")]).to.deep.equal([1, 1]);
  });

  it("of endless collections and circles of answers is left alone", async () => {
    const { town, peer, alice, proposal, tell } = await aScene();
    await tell(alice, "Like", proposal.uri);
    const page = `${peer.origin}/page`;
    peer.documents.set("/page", { id: page, type: "CollectionPage", next: page, items: [page] });
    peer.documents.set("/a", {
      ...peer.note(alice),
      id: `${peer.origin}/a`,
      inReplyTo: `${peer.origin}/b`,
    });
    peer.documents.set("/b", {
      ...peer.note(alice),
      id: `${peer.origin}/b`,
      inReplyTo: `${peer.origin}/a`,
    });
    const before = gets(peer.received);

    const endless = { id: page, type: "Collection", first: { type: "CollectionPage", next: page } };
    await tell(alice, "Create", peer.note(alice, { inReplyTo: proposal.uri, replies: endless }));
    expect(gets(peer.received)).to.equal(before);
    const lost = { inReplyTo: `${peer.origin}/a`, cc: [`${town.origin}/actor`] };
    await tell(alice, "Create", peer.note(alice, lost));

    expect(gets(peer.received) - before).to.be.within(2, 20);
  });

  it("from one server is told to wait, and leaves the others their way in", async () => {
    const town = await aTown({ timing: { inboxPerMinute: 20 } });
    const [peer, other] = [await aPeer(), await aPeer()];
    const [alice, carol] = [await peer.actor("alice"), await other.actor("carol")];
    const statuses: number[] = [];
    for (let at = 0; at < 60; at += 1) {
      const answer = await peer.post(town, alice, peer.activity(alice, "Flag", town.origin));
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get("retry-after"))).to.equal(60);
    }

    expect(statuses.filter((status) => status === 202)).to.have.length(20);
    expect(statuses.filter((status) => status === 429)).to.have.length(40);
    const spared = await other.post(town, carol, other.activity(carol, "Flag", town.origin));
    expect(spared.status).to.equal(202);
    const rows = town.visitor.collection(inboxCollection);
    expect(await rows.countDocuments({})).to.equal(21);
  });

  it("of ten thousand from one server is a minute's share of rows, and no more work or memory", async () => {
    const town = await aTown({ asleep: true, timing: { inboxPerMinute: 100 } });
    const [peer, other] = [await aPeer(), await aPeer()];
    const [alice, carol] = [await peer.actor("alice"), await other.actor("carol")];
    const wire = new Client(town.origin, { pipelining: 20 });
    const { url, body, headers } = peer.signed(town, alice, peer.activity(alice, "Flag", "x"));
    const statuses = new Map<number, number>();
    const one = async (sent: { body: string; headers: Readonly<Record<string, string>> }) => {
      const answer = await wire.request({ path: new URL(url).pathname, method: "POST", ...sent });
      await answer.body.dump();
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
    };
    for (let at = 0; at < 100; at += 1) {
      await one(peer.signed(town, alice, peer.activity(alice, "Flag", `${town.origin}/${at}`)));
    }
    const before = heapInUse();
    for (let at = 100; at < 10_000; at += 20) {
      await Promise.all(Array.from({ length: 20 }, () => one({ body, headers })));
    }

    expect(Object.fromEntries(statuses)).to.deep.equal({ 202: 100, 429: 9_900 });
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(100);
    const counts = await Promise.all(queueNames.map((name) => town.queue.counts(name)));
    expect(counts.reduce((sum, { waiting }) => sum + waiting, 0)).to.be.at.most(101);
    expect(gets(peer.received), "the key, once").to.equal(1);
    expect(heapInUse() - before, "mebibytes more in use").to.be.below(16);
    const spared = await other.post(town, carol, other.activity(carol, "Flag", town.origin));
    expect(spared.status).to.equal(202);
    await wire.close();
  });

  it("of a hundred copies at once of one activity is one row and one support", async () => {
    const { town, peer, alice, proposal, supports } = await aScene();
    const like = peer.activity(alice, "Like", proposal.uri);

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => peer.post(town, alice, like)),
    );
    await town.settle();

    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([202]));
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(1);
    expect(await supports()).to.equal(1);
    expect(gets(peer.received), "the key once, the actor at most once more").to.be.at.most(2);
  });

  it("of questions who is here costs no write", async () => {
    const count = { writes: 0, calls: 0 };
    const town = await aTown({ storeThrough: countingWrites(count) });
    const host = new URL(town.origin).host;
    const ask = async (path: string): Promise<void> => {
      const answer = await fetch(town.origin + path);
      await answer.arrayBuffer();
      expect(answer.status).to.be.oneOf([200, 404]);
    };
    await ask("/nodeinfo/2.1");
    await town.settle();
    const written = count.writes;
    for (let at = 0; at < 50; at += 1) {
      await ask(`/.well-known/webfinger?resource=acct:nobody${at}@${host}`);
      await ask("/nodeinfo/2.1");
    }

    expect(count.writes).to.equal(written);
  });

  it("of compressed bytes is not even unpacked", async () => {
    const { town, peer, alice, proposal } = await aScene();
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20));
    const answer = await fetch(`${town.origin}/inbox`, {
      ...{ method: "POST", body: bomb },
      headers: { "content-type": "application/activity+json", "content-encoding": "gzip" },
    });

    expect(answer.status).to.equal(415);
    expect(
      (await peer.post(town, alice, peer.activity(alice, "Like", proposal.uri))).status,
    ).to.equal(202);
  });
});

describe("a client that takes its time", function () {
  this.timeout(20_000);
  const patience = { headersMs: 300, requestMs: 600, checkMs: 50, silentMs: 800 };

  async function outlived(drip: (socket: Socket) => void): Promise<number> {
    const server = createWebServer((req, res) => {
      req.resume().once("end", () => res.end(Buffer.alloc(64 * 1024 * 1024)));
    }, patience);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const started = performance.now();
    const timer = setInterval(() => socket.writable && drip(socket), 50);
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => {
      server.once("connection", (held: Socket) => void held.once("close", () => resolve()));
    });
    clearInterval(timer);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    return performance.now() - started;
  }

  it("is sent away while it drips headers, a body, or reads nothing", async () => {
    let begun = false;
    let asked = false;
    const headers = await outlived(
      (socket) => void socket.write(begun ? "x" : "GET / HTTP/1.1\r\nx: "),
    );
    const body = await outlived((socket) => {
      socket.write(begun ? "x" : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n");
      begun = true;
    });
    const reading = await outlived((socket) => {
      socket.pause();
      if (!asked) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      asked = true;
    });

    for (const ms of [headers, body, reading]) expect(ms).to.be.below(30_000);
  });
});
