import { expect } from "chai";
import { commentByUri, publishComment } from "../../src/features/comments/comments.js";
import { wordingOf } from "../../src/features/comments/handling.js";
import { blockAuthor, ruleOnComment } from "../../src/features/moderation/deciding.js";
import {
  forwardReport,
  reportsCollection,
  reportSubject,
} from "../../src/features/moderation/reports.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { refusedSupportsCollection } from "../../src/features/supports/refused.js";
import { blockersCollection } from "../../src/federation/blockers.js";
import { activitiesCollection, followersCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { closePeers, type PeerActor } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

type Act = "release" | "hide" | "show";

async function rule(ctx: Ctx, uri: string, act: Act): Promise<void> {
  const comment = await commentByUri(ctx, uri);
  if (comment === null) throw new Error("There is nothing to decide about.");
  const wording = wordingOf(comment);
  await ruleOnComment(ctx, comment._id, { act, why: null, note: "", wording });
}

/** Somebody replies to the proposal; the id of the note. */
async function reply(scene: Scene, actor: PeerActor, change: object = {}): Promise<string> {
  const note = scene.peer.note(actor, { inReplyTo: scene.proposal.uri, ...change });
  await scene.tell(actor, "Create", note);
  return note["id"] as string;
}

const as2 = { accept: "application/activity+json" };

async function replies({ proposal }: Scene): Promise<string> {
  return (await fetch(`${proposal.uri}/replies`, { headers: as2 })).text();
}

describe("what moderators and other servers tell each other", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("neither lists nor forwards what waits, and does both once it is released, with its edit", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell } = scene;
    const follower = await peer.actor("watcher");
    await tell(follower, "Follow", `${proposal.uri}/actor`);
    const id = await reply(scene, alice);
    const updated = new Date(town.clock.now().getTime() + 1_000).toISOString();
    town.clock.advance(5_000);
    const note = { ...peer.note(alice, { inReplyTo: proposal.uri, content: "<p>Mieux</p>" }), id };
    await tell(alice, "Update", { ...note, updated });
    const forwarded = async () =>
      (
        await town.visitor
          .collection(activitiesCollection)
          .find({ objectUri: id, type: { $in: ["Create", "Update"] } })
          .toArray()
      )
        .map(({ type }) => type)
        .sort();
    expect([(await commentByUri(town.visitor, id))?.state, await forwarded()]).to.deep.equal([
      "held",
      [],
    ]);
    expect(await replies(scene)).not.to.contain(id);

    await rule(await town.newcomer("Noa", "moderator"), id, "release");
    await town.settle();

    expect(await replies(scene)).to.contain(id);
    expect(await forwarded()).to.deep.equal(["Create", "Update"]);
    const next = await reply(scene, alice);
    expect((await commentByUri(town.visitor, next))?.state).to.equal("shown");
  });

  it("sees who is a machine, new, or calls many", async () => {
    const scene = await aScene();
    const { town, peer } = scene;
    const published = new Date(town.clock.now().getTime() - 86_400_000).toISOString();
    const bot = await peer.actor("bot", { type: "Service", published });
    const tag = Array.from({ length: 6 }, () => ({ type: "Mention", href: bot.uri }));

    const comment = await commentByUri(town.visitor, await reply(scene, bot, { tag }));
    await scene.tell(bot, "Like", scene.proposal.uri);

    expect(comment?.handled?.why).to.deep.equal([
      ...["first-comment", "new-account", "automated", "many-mentions"],
    ]);
    const refused = await town.visitor
      .collection(refusedSupportsCollection)
      .findOne({ personId: comment?.authorId ?? "", proposalId: scene.proposal._id });
    expect([refused?.why, await scene.supports()]).to.deep.equal(["automated", 0]);
  });

  it("shuts the door on an author whom a moderator blocks", async () => {
    const scene = await aScene();
    const { town, evil, tell, proposal } = scene;
    const id = await reply(scene, evil);
    const authorId = (await commentByUri(town.visitor, id))?.authorId ?? "";
    const moderator = await town.newcomer("Noa", "moderator");

    await blockAuthor(moderator, authorId, { note: "Publicité", why: ["spam"] });
    await town.settle();

    expect((await commentByUri(town.visitor, id))?.state).to.equal("refused");
    expect(await tell(evil, "Like", proposal.uri)).to.equal(403);
  });

  it("hides a citizen's comment by an edit, since a Delete could never be taken back", async () => {
    const scene = await aScene();
    const { town, proposal } = scene;
    const citizen = await town.newcomer("Sacha");
    await consentToNetwork(citizen);
    const said = { proposalId: proposal._id, parentId: null, body: "Grossier" };
    const { uri } = await publishComment(citizen, said);
    const moderator = await town.newcomer("Noa", "moderator");

    await rule(moderator, uri, "hide");
    await town.settle();

    const read = await (await fetch(uri, { headers: as2 })).text();
    expect(read).to.contain("masqué par la modération").and.not.contain("Grossier");
    town.clock.advance(1_000);
    await rule(moderator, uri, "show");
    await town.settle();
    expect(await (await fetch(uri, { headers: as2 })).text()).to.contain("Grossier");
    const told = await town.visitor
      .collection(activitiesCollection)
      .find({ objectUri: uri, type: { $in: ["Update", "Delete"] } })
      .toArray();
    expect(told.map(({ type }) => type)).to.deep.equal(["Update", "Update"]);
  });

  it("takes a Flag for moderators: known things only, plain words, once", async () => {
    const scene = await aScene();
    const { town, alice, proposal, tell } = scene;
    const content = "<script>x</script><p>C’est <b>faux</b>.</p>";
    const object = [`${proposal.uri}/actor`, proposal.uri, `${town.origin}/nothing`];

    await tell(alice, "Flag", object, { content });
    await tell(alice, "Flag", object, { content });
    await tell(alice, "Flag", [`${town.origin}/nothing`, "https://other.example/1"], { content });

    const rows = await town.visitor.collection(reportsCollection).find({ state: "open" }).toArray();
    expect(rows.map(({ subjectKey, words }) => [subjectKey, words])).to.deep.equal([
      [`proposal/${proposal._id}`, "C’est faux."],
    ]);
  });

  it("passes a report on as a Flag by the instance, and tells nobody who reported", async () => {
    const scene = await aScene();
    const { town, peer, evil } = scene;
    await scene.tell(evil, "Follow", `${town.origin}/actor`);
    const id = await reply(scene, evil);
    const comment = await commentByUri(town.visitor, id);
    const resident = await town.newcomer("Lou Secret");
    const subject = { kind: "comment", id: comment?._id ?? "" } as const;
    await reportSubject(resident, { subject, why: "abuse", words: "Il me harcèle" });
    const row = await town.visitor.collection(reportsCollection).findOne({ state: "open" });
    const moderator = await town.newcomer("Noa", "moderator");

    for (let n = 0; n < 2; n += 1) await forwardReport(moderator, row?._id ?? "", "Des insultes.");
    await town.settle();

    const flags = peer.inboxed("Flag");
    expect(flags).to.have.length(1);
    expect(flags[0]).to.deep.include({
      ...{ actor: `${town.origin}/actor/instance`, object: [evil.uri, id] },
      content: "Des insultes.",
    });
    expect(JSON.stringify(flags)).not.to.match(/Secret|harcèle/);
  });

  it("sends nothing more of an actor to who blocks it, until that is lifted", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${town.origin}/actor`);
    const id = await reply(scene, alice);
    const citizen = await town.newcomer("Sacha");
    const person = await consentToNetwork(citizen);
    await tell(alice, "Follow", person.uri);
    const parentId = (await commentByUri(town.visitor, id))?._id ?? "";
    const answer = async (body: string) => {
      await publishComment(citizen, { proposalId: proposal._id, parentId, body });
      await town.settle();
    };
    const heard = () =>
      peer
        .inboxed("Create")
        .map((one) => JSON.stringify(one))
        .join();

    await tell(alice, "Block", person.uri);
    await answer("Pendant");
    await tell(alice, "Follow", person.uri);
    expect(heard()).not.to.contain("Pendant");
    const followers = town.visitor.collection(followersCollection);
    expect(await followers.countDocuments({ actorUri: person.uri ?? "" })).to.equal(0);
    expect((await commentByUri(town.visitor, id))?.state).to.equal("shown");

    await tell(alice, "Undo", { type: "Block", actor: alice.uri, object: person.uri });
    await answer("Après");
    expect(heard()).to.contain("Après");
    expect(
      await town.visitor
        .collection(blockersCollection)
        .findOne({ actorUri: person.uri ?? "", by: alice.uri }),
    ).to.equal(null);
  });
});
