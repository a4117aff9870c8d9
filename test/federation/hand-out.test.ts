import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { anEntry } from "./support/network.js";
import { closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

describe("what other servers send a city", () => {
  afterEach(closePeers);
  afterEach(closeTowns);

  it("is found again in the log, from the POST to all that comes of it", async () => {
    const logLines: string[] = [];
    const { town, peer, alice, proposal } = await aScene({ logLines });
    const likes = (id: string) => peer.activity(alice, "Like", proposal.uri, { id });

    const first = await peer.post(town, alice, likes(`${peer.origin}/likes/1`));
    await town.settle();
    const other = await peer.post(town, alice, likes(`${peer.origin}/likes/2`));
    await town.settle();

    const id = first.headers.get("x-request-id");
    const lines = logLines.map((line) => JSON.parse(line) as { request?: string; name?: string });
    const own = lines.filter(({ request }) => request === id).map(({ name }) => name);
    expect(id).to.be.a("string");
    expect(other.headers.get("x-request-id")).not.to.equal(id);
    expect(own).to.include.members(["federation.inbox", "support-given/federation"]);
  });

  /** Hand out `count` more that came just now; for how long each lets others pass. */
  async function handedOut(town: Town, prefix: string, count: number): Promise<number[]> {
    const ctx = town.visitor;
    const now = ctx.clock.now();
    const entries = Array.from({ length: count }, (_, n) => anEntry(`${prefix}${n}`, now));
    const rows = ctx.collection(inboxCollection);
    await rows.insertMany(entries.map((entry) => ({ ...entry, state: "waiting" as const })));
    const yields = new Map<string, number>();
    const watched: Ctx = {
      ...ctx,
      enqueueAll: async (_job, items) => {
        for (const { options } of items) yields.set(options.id, options.yieldsMs ?? 0);
      },
    };

    const handOut = town.federation.feature.jobs.find(({ name }) => name === "federation.hand-out");
    await handOut?.run(watched, {}, { number: 1, of: 9 });
    return [...yields.values()];
  }

  it("lets what another city is sent pass, but for the first of many that come at once", async () => {
    const town = await aTown({ asleep: true });

    const all = await handedOut(town, "e", 700);

    expect(all).to.have.length(700);
    expect(all.filter((ms) => ms === 0)).to.have.length(20);
    expect(all).to.deep.equal([...all].sort((a, b) => a - b));
    const rows = town.visitor.collection(inboxCollection);
    expect(await rows.countDocuments({ state: "waiting" })).to.equal(0);
  });

  it("lets it pass in a steady flood, too, of which little comes at once", async () => {
    const town = await aTown({ asleep: true });

    const spans = [
      await handedOut(town, "a", 15),
      await handedOut(town, "b", 15),
      await handedOut(town, "c", 15),
    ];

    const prompt = spans.map((span) => span.filter((ms) => ms === 0).length);
    expect(prompt).to.deep.equal([15, 5, 0]);
    expect(Math.max(...(spans[1] ?? []))).to.be.lessThan(Math.min(...(spans[2] ?? [])));
  });

  it("waits for nobody again once what came before is acted on, or can't be", async () => {
    const town = await aTown({ asleep: true });
    const rows = town.visitor.collection(inboxCollection);

    await handedOut(town, "acted-on", 30);
    await rows.updateMany({ state: "handed" }, { $set: { state: "done" } });
    const afterActed = await handedOut(town, "stuck", 20);
    town.clock.advance(3_600_000);
    const afterStuck = await handedOut(town, "new", 20);

    expect([...afterActed, ...afterStuck].filter((ms) => ms > 0)).to.deep.equal([]);
  });
});
