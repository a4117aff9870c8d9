import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { anEntry } from "./support/network.js";
import { closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { aTown, closeTowns } from "./support/town.js";

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

  it("lets what another city is sent pass, but for the first of many that come at once", async () => {
    const town = await aTown({ asleep: true });
    const ctx = town.visitor;
    const now = ctx.clock.now();
    const entries = Array.from({ length: 700 }, (_, n) => anEntry(`e${n}`, now));
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

    const all = [...yields.values()];
    expect(all).to.have.length(700);
    expect(all.filter((ms) => ms === 0)).to.have.length(20);
    expect(all).to.deep.equal([...all].sort((a, b) => a - b));
    expect(await rows.countDocuments({ state: "waiting" })).to.equal(0);
  });
});
