import { expect } from "chai";
import { blockAuthor } from "../../src/features/moderation/deciding.js";
import { decisionsCollection } from "../../src/features/moderation/decisions.js";
import { waitingCount } from "../../src/features/moderation/queue.js";
import { ruleOnSupport } from "../../src/features/moderation/ruling-on-supports.js";
import { personByUri } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { proposalById, proposalsCollection } from "../../src/features/proposals/proposals.js";
import { burstsCollection, mostNew } from "../../src/features/supports/bursts.js";
import { listHeldSupports, takeSupport } from "../../src/features/supports/held.js";
import { refusedSupportsCollection } from "../../src/features/supports/refused.js";
import { block, unblock } from "../../src/federation/policy/rules.js";
import { blocksCollection } from "../../src/federation/policy/records.js";
import { followingCollection } from "../../src/federation/records.js";
import { aDraft, expectRefusal } from "../support/builders.js";
import { failing } from "../support/faults.js";
import { aSite } from "../support/site.js";
import { asTown, hostOf, textOf, untilSettled } from "./support/network.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

async function limit({ town, peer }: Scene): Promise<void> {
  const who = hostOf(peer.origin);
  await block(town.federation.rules, town.visitor, { who, severity: "limited" });
  await town.settle();
}

async function unlimit({ town, peer }: Scene): Promise<void> {
  await unblock(town.federation.rules, town.visitor, hostOf(peer.origin));
  await town.settle();
}

describe("the supports of a server that is limited", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const waiting = async ({ town }: Scene) =>
    (await listHeldSupports(town.visitor, 10)).map(({ _id }) => _id);

  it("wait for a moderator, who has them count or not, each once and on the record", async () => {
    const scene = await aScene();
    const { town, alice, evil, proposal, tell, supports } = scene;
    await limit(scene);
    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Like", proposal.uri);
    await tell(evil, "Like", proposal.uri);
    const moderator = await town.newcomer("Noa", "moderator");
    const [first = "", second = "", ...more] = await waiting(scene);
    expect([more, await supports(), await waitingCount(moderator)]).to.deep.equal([[], 0, 2]);

    await ruleOnSupport(moderator, first, "take");
    await ruleOnSupport(moderator, second, "decline");
    await tell(evil, "Like", proposal.uri);
    await tell(alice, "Like", proposal.uri);

    await expectRefusal(ruleOnSupport(moderator, first, "decline"), "gone");
    await expectRefusal(ruleOnSupport(moderator, second, "take"), "gone");
    expect([await supports(), await waitingCount(moderator)]).to.deep.equal([1, 0]);
    await unlimit(scene);
    expect(await supports()).to.equal(1);
    const deeds = await town.visitor.collection(decisionsCollection).find({}).toArray();
    expect(deeds.map(({ what }) => what).sort()).to.deep.equal([
      ...["support-declined", "support-taken"],
    ]);
  });

  it("are no matter of a moderator any more once they are taken back, or the limit is lifted", async () => {
    const scene = await aScene();
    const { town, alice, evil, proposal, tell, supports } = scene;
    await limit(scene);
    await tell(alice, "Like", proposal.uri);
    await tell(evil, "Like", proposal.uri);

    await tell(alice, "Undo", { type: "Like", actor: alice.uri, object: proposal.uri });
    expect(await waiting(scene)).to.have.length(1);
    await unlimit(scene);

    expect([await waiting(scene), await supports()]).to.deep.equal([[], 1]);
    expect(await town.visitor.collection(refusedSupportsCollection).countDocuments({})).to.equal(0);
  });

  it("do not count once their person was blocked or the proposal withdrawn, and wait no more", async () => {
    const scene = await aScene();
    const { town, alice, evil, proposal, tell, supports } = scene;
    await limit(scene);
    await tell(alice, "Like", proposal.uri);
    await tell(evil, "Like", proposal.uri);
    const moderator = await town.newcomer("Noa", "moderator");
    const rows = town.visitor.collection(refusedSupportsCollection);
    const person = await personByUri(town.visitor, evil.uri);
    const held = await rows.findOne({ personId: person?._id ?? "" });

    await blockAuthor(moderator, person?._id ?? "", { note: "", why: [] });
    await expectRefusal(ruleOnSupport(moderator, held?._id ?? "", "take"), "gone");
    await town.settle();
    const [last = ""] = await waiting(scene);
    await town.visitor
      .collection(proposalsCollection)
      .updateOne({ _id: proposal._id }, { $set: { status: "withdrawn" } });
    await expectRefusal(ruleOnSupport(moderator, last, "take"), "gone");

    expect([await waiting(scene), await supports()]).to.deep.equal([[], 0]);
    expect((await rows.find({}).toArray()).map(({ why }) => why)).to.deep.equal(["withdrawn"]);
    expect(await town.visitor.collection(decisionsCollection).countDocuments({})).to.equal(1);
  });

  it("stay declined, whatever their server sends again and whoever is blocked, until they leave", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell, supports } = scene;
    await limit(scene);
    await tell(alice, "Like", proposal.uri);
    const moderator = await town.newcomer("Noa", "moderator");
    const [id = ""] = await waiting(scene);
    await ruleOnSupport(moderator, id, "decline");

    await tell(alice, "Undo", { type: "Like", actor: alice.uri, object: proposal.uri });
    await tell(alice, "Like", proposal.uri);
    await block(town.federation.rules, town.visitor, {
      ...{ who: hostOf(peer.origin), severity: "blocked" },
    });
    await town.settle();
    await unlimit(scene);
    const rows = town.visitor.collection(refusedSupportsCollection);
    expect([await supports(), (await rows.findOne({}))?.why]).to.deep.equal([0, "declined"]);

    await tell(alice, "Delete", alice.uri);
    expect(await rows.countDocuments({})).to.equal(0);
  });

  it("are on the record before they are forgotten, so that a crash loses no decision", async () => {
    const settling = failing("refusedSupports", "updateOne");
    const scene = await aScene({ storeThrough: settling.through });
    const { town, alice, proposal, tell, supports } = scene;
    await limit(scene);
    await tell(alice, "Like", proposal.uri);
    const moderator = await town.newcomer("Noa", "moderator");
    const [id = ""] = await waiting(scene);

    settling.arm(1);
    await ruleOnSupport(moderator, id, "take").catch(() => undefined);
    expect(settling.deaths).to.equal(1);
    const deeds = town.visitor.collection(decisionsCollection);
    expect(await deeds.countDocuments({ what: "support-taken" })).to.equal(1);
    await ruleOnSupport(moderator, id, "take");

    expect([await supports(), await waiting(scene)]).to.deep.equal([1, []]);
    expect(await deeds.countDocuments({ what: "support-taken" })).to.equal(1);
  });

  it("that counted before the limit count on, and one that a moderator was about to take counts after a crash", async () => {
    const scene = await aScene();
    const { town, alice, evil, proposal, tell, supports } = scene;
    await tell(alice, "Like", proposal.uri);
    await limit(scene);
    expect(await supports()).to.equal(1);
    await tell(evil, "Like", proposal.uri);
    const [id = ""] = await waiting(scene);
    await town.visitor
      .collection(refusedSupportsCollection)
      .updateOne({ _id: id }, { $set: { why: "taken" } });

    expect(await waiting(scene)).to.deep.equal([id]);
    await takeSupport(town.visitor, id, async () => undefined);

    expect([await waiting(scene), await supports()]).to.deep.equal([[], 2]);
  });

  it("never count where a machine presses: not under the limit, and not when it ends", async () => {
    const scene = await aScene();
    const { peer, proposal, tell, supports } = scene;
    const bot = await peer.actor("bot", { type: "Service" });
    await tell(bot, "Like", proposal.uri);
    await limit(scene);
    await tell(bot, "Like", proposal.uri);
    expect([await supports(), await waiting(scene)]).to.deep.equal([0, []]);
    await unlimit(scene);

    expect([await supports(), await waiting(scene)]).to.deep.equal([0, []]);
  });

  it("of an open server wait, too, when many new accounts of it press at once; not those of a linked city", async () => {
    const site = await aSite();
    const peer = await aPeer();
    const { member } = await site.signedIn("Camille");
    const proposal = await publishProposal(site.as(member), aDraft());
    const hour = Math.floor(site.clock.now().getTime() / 3_600_000);
    await site.ctx.collection(burstsCollection).insertOne({
      _id: `${site.ctx.instance._id}/${proposal._id}/${hostOf(peer.origin)}/${hour}`,
      ...{ people: [], count: mostNew, expiresAt: new Date((hour + 2) * 3_600_000) },
    });
    const alice = await peer.actor("alice");
    await peer.post(asTown(site), alice, peer.activity(alice, "Like", proposal.uri));
    await untilSettled(site);
    const counted = async () => (await proposalById(site.ctx, proposal._id))?.counts.supports;
    const noa = await site.signedIn("Noa", "moderator");
    const page = await noa.open("/admin/moderation");
    const path = /action="(\/admin\/moderation\/supports\/[^"]+)"/.exec(page.text)?.[1] ?? "";

    expect(await counted()).to.equal(0);
    expect(textOf(page.text)).to.contain("1 soutien de nouveaux comptes de 127.0.0.1");
    expect(textOf(page.text)).to.contain("En une heure, 30 soutiens");
    await noa.submit(path, { act: "take", all: "on" });
    await untilSettled(site);
    expect(await counted()).to.equal(1);

    await site.ctx.collection(followingCollection).insertOne({
      ...{
        _id: "link",
        actorUri: site.ctx.instance.url("/actor"),
        targetUri: `${peer.origin}/hall`,
      },
      ...{ host: hostOf(peer.origin), followUri: "", state: "accepted", at: site.clock.now() },
    });
    const ben = await peer.actor("ben");
    await peer.post(asTown(site), ben, peer.activity(ben, "Like", proposal.uri));
    await untilSettled(site);
    expect(await counted()).to.equal(2);
    await site.close();
  });

  it("are shown to moderators alone, who press a button", async () => {
    const site = await aSite();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const { member } = await site.signedIn("Camille");
    const proposal = await publishProposal(site.as(member), aDraft());
    await site.ctx.collection(blocksCollection).insertOne({
      ...{ _id: "limit", who: hostOf(peer.origin), severity: "limited", at: site.clock.now() },
    });
    await peer.post(asTown(site), alice, peer.activity(alice, "Like", proposal.uri));
    await untilSettled(site);
    const noa = await site.signedIn("Noa", "moderator");
    const page = await noa.open("/admin/moderation");
    const path = /action="(\/admin\/moderation\/supports\/[^"]+)"/.exec(page.text)?.[1] ?? "";

    expect(textOf(page.text)).to.contain("Soutiens qui attendent").and.to.contain("alice");
    expect(textOf(page.text)).not.to.contain("Rien n’attend");
    const id = path.split("/").at(-1) ?? "";
    await expectRefusal(ruleOnSupport(site.as(member), id, "take"), "not-allowed");
    const done = await noa.follow(await noa.submit(path, { act: "take" }));
    expect(textOf(done.text)).to.contain("Le soutien est compté.").and.not.to.contain("alice");
    expect((await proposalById(site.ctx, proposal._id))?.counts.supports).to.equal(1);
    await site.close();
  });
});
