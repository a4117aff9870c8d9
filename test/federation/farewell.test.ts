import { expect } from "chai";
import { activitiesCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { aProposal } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const tellAll = async ({ federation }: Town, ctx: Ctx): Promise<void> => {
  let upTo: string | null | undefined;
  while (upTo !== null) upTo = await federation.farewell.say(ctx, upTo);
};

const objects = (peer: Peer, type: string) => peer.inboxed(type).map(({ object }) => object);

describe("a city that leaves the network for good", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  async function leaving(): Promise<{ town: Town; peer: Peer; ctx: Ctx }> {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    await aProposal(await town.newcomer("Camille"));
    await town.settle();
    await town.visitor.changeInstance({ state: "suspended" });
    await aProposal(await town.newcomer("Maud"), { title: "Ce qui ne partira plus" });
    const instance = await town.visitor.changeInstance({ state: "leaving" });
    if (instance === null) throw new Error("the town is gone already");
    return { town, peer, ctx: town.contexts({ instance, member: null, language: "fr" }) };
  }

  it("takes leave of everybody who knows its accounts, once, and says nothing else any more", async () => {
    const { town, peer, ctx } = await leaving();
    const told = peer.inboxed("Create").length;

    await tellAll(town, ctx);
    await tellAll(town, ctx);
    await town.settle();
    town.clock.advance(60_000);
    await town.settle();

    const gone = objects(peer, "Delete");
    expect(gone).to.include(`${town.origin}/actor`);
    expect(new Set(gone).size).to.equal(gone.length);
    expect(peer.inboxed("Create")).to.have.length(told);
  });

  it("answers 410 to whoever looks for an account or a key, and at its inbox", async () => {
    const { town } = await leaving();
    const headers = { accept: "application/activity+json" };

    const asked = [
      await fetch(`${town.origin}/actor`, { headers }),
      await fetch(`${town.origin}/proposals/1`, { headers }),
      await fetch(`${town.origin}/inbox`, { method: "POST", headers }),
    ];

    expect(asked.map(({ status }) => status)).to.deep.equal([410, 410, 410]);
  });

  it("takes leave in pieces, each of which may be said again after a crash", async () => {
    const { town, ctx } = await leaving();
    const rows = ctx.collection(activitiesCollection);
    await tellAll(town, ctx);
    const before = await rows.countDocuments({ type: "Delete" } as object);

    const upTo = await town.federation.farewell.say(ctx, `${town.origin}/actor`);

    expect(upTo).to.equal(null);
    expect(before).to.be.greaterThan(0);
    expect(await rows.countDocuments({ type: "Delete" } as object)).to.equal(before);
  });
});
