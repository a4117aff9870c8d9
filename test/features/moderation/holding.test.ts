import { expect } from "chai";
import type { Comment } from "../../../src/features/comments/comment.js";
import {
  commentById,
  commentPublished,
  commentsCollection,
  publishComment,
} from "../../../src/features/comments/comments.js";
import { discussionOf } from "../../../src/features/comments/discussion.js";
import { wordingOf } from "../../../src/features/comments/handling.js";
import {
  receiveCommentDeleted,
  receiveCommentEdit,
} from "../../../src/features/comments/receiving.js";
import { ruleOnComment, unblockAuthor } from "../../../src/features/moderation/deciding.js";
import { listDecisions } from "../../../src/features/moderation/decisions.js";
import { listHeld, listRefused, waitingCount } from "../../../src/features/moderation/queue.js";
import { notificationsCollection } from "../../../src/features/notifications/notifications.js";
import { erasePerson } from "../../../src/features/people/people.js";
import { standingOf } from "../../../src/features/people/standing.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import type { Ctx } from "../../../src/kit/index.js";
import { expectRefusal } from "../../support/builders.js";
import { closeCities } from "../../support/city.js";
import { aBench, type Bench } from "./support.js";

type Act = Parameters<typeof ruleOnComment>[2]["act"];

/** A moderator decides what they have just read. */
async function rule(ctx: Ctx, id: string, act: Act, note = ""): Promise<Comment> {
  const comment = await commentById(ctx, id);
  const wording = comment === null ? null : wordingOf(comment);
  return ruleOnComment(ctx, id, { act, why: act === "release" ? null : "spam", note, wording });
}

async function told({ city, author }: Bench): Promise<number> {
  await city.settle();
  return city.visitor
    .collection(notificationsCollection)
    .countDocuments({ memberId: author.member._id, readAt: null });
}

async function read({ city, proposal }: Bench): Promise<string[]> {
  const { threads } = await discussionOf(city.visitor, proposal._id, { cursor: null, limit: 20 });
  return threads.flatMap(({ comment, replies }) => [
    comment.body,
    ...replies.map((reply) => reply.comment.body),
  ]);
}

const words = async (ctx: Ctx): Promise<string[]> =>
  (await listDecisions(ctx, null, 20)).items.map(({ what }) => what).reverse();

describe("a comment that waits for a moderator", () => {
  afterEach(closeCities);

  it("is neither shown, counted nor told, until it is released with all effects, once", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");
    expect([await read(bench), await bench.counted(), await told(bench)]).to.deep.equal([[], 0, 0]);
    expect(await waitingCount(bench.moderator)).to.equal(1);
    expect(await waitingCount(bench.author)).to.equal(0);

    await rule(bench.moderator, _id, "release");
    await rule(bench.moderator, _id, "release");

    expect([await read(bench), await bench.counted()]).to.deep.equal([["Bonjour"], 1]);
    expect(await told(bench)).to.equal(1);
    await bench.city.later(10_000);
    expect(await bench.counted()).to.equal(1);
    expect(await words(bench.moderator)).to.deep.equal(["released"]);
  });

  it("opens the door for what the same person says later", async () => {
    const bench = await aBench();
    const first = await bench.say("ana", "Bonjour");
    expect((await bench.say("ana", "Encore")).state).to.equal("held");

    await rule(bench.moderator, first._id, "release");

    expect((await bench.say("ana", "Merci", { accountAgeMs: 5 })).state).to.equal("shown");
    expect((await bench.say("ben", "Et moi")).state).to.equal("held");
  });

  it("is shown once, though ten moderators press at the same moment", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");

    const presses = Array.from({ length: 10 }, () => rule(bench.moderator, _id, "release"));
    const ends = await Promise.allSettled(presses);

    expect(ends.some(({ status }) => status === "fulfilled")).to.equal(true);
    expect([await bench.counted(), await told(bench)]).to.deep.equal([1, 1]);
    expect(await words(bench.moderator)).to.deep.equal(["released"]);
  });

  it("is never let through in words that the moderator has not read", async () => {
    const bench = await aBench();
    const { _id, uri, authorId } = await bench.say("ana", "Bonjour");
    const wording = "0";
    const edit = { html: "<p>Achetez</p>", text: "Achetez", mentions: 0 };
    bench.city.clock.advance(60_000);

    expect(await receiveCommentEdit(bench.city.visitor, uri, authorId, edit)).to.equal(true);
    const ruling = { act: "release", why: null, note: "", wording } as const;
    await expectRefusal(ruleOnComment(bench.moderator, _id, ruling), "changed-meanwhile");

    const kept = await commentById(bench.city.visitor, _id);
    expect([kept?.state, kept?.body]).to.deep.equal(["held", "Achetez"]);
    expect(await words(bench.moderator)).to.deep.equal([]);
  });

  it("is gone with its words when its author deletes it first, and nobody is told", async () => {
    const bench = await aBench();
    const { _id, uri, authorId } = await bench.say("ana", "Bonjour");

    await receiveCommentDeleted(bench.city.visitor, uri, authorId);

    await expectRefusal(rule(bench.moderator, _id, "release"), "gone");
    const kept = await commentById(bench.city.visitor, _id);
    expect([kept?.state, kept?.body, await bench.counted()]).to.deep.equal(["deleted", "", 0]);
    expect(await waitingCount(bench.moderator)).to.equal(0);
  });

  it("is forgotten with the account of its author", async () => {
    const bench = await aBench();
    const { _id, authorId } = await bench.say("ana", "Bonjour");

    await erasePerson(bench.city.visitor, authorId);
    await bench.city.settle();

    expect((await commentById(bench.city.visitor, _id))?.html).to.equal("");
    expect(await waitingCount(bench.moderator)).to.equal(0);
  });

  it("is told, counted and written down even if everything dies right after the release", async () => {
    const bench = await aBench();
    const { visitor } = bench.city;
    const { _id, authorId } = await bench.say("ana", "Bonjour");
    const handled = {
      ...{ what: "released" as const, why: [], note: "", decisionId: "d1", host: null },
      ...{ by: bench.moderator.member._id, at: visitor.clock.now() },
    };

    // All that a process did which died after its first write: the intent, then the state.
    await visitor.commit(commentPublished, { commentId: _id }, () =>
      visitor
        .collection(commentsCollection)
        .updateOne({ _id }, { $set: { state: "shown", handled } }),
    );
    await bench.city.later(10_000);

    expect([await bench.counted(), await told(bench)]).to.deep.equal([1, 1]);
    expect(await words(bench.moderator)).to.deep.equal(["released"]);
    expect((await standingOf(visitor, authorId))?.standing).to.equal("trusted");
  });

  it("holds the answers to it, which are shown or refused with it", async () => {
    const bench = await aBench();
    const [ana, ben] = [await bench.say("ana", "Bonjour"), await bench.say("ben", "Achetez")];
    const linked = { isLinked: true };
    const answer = await bench.say("cléo", "Merci", { ...linked, parentId: ana._id });
    const toSpam = await bench.say("cléo", "Non", { ...linked, parentId: ben._id });
    expect([answer.state, toSpam.state]).to.deep.equal(["held", "held"]);
    await expectRefusal(rule(bench.moderator, answer._id, "release"), "gone");

    await rule(bench.moderator, ana._id, "release");
    await rule(bench.moderator, ben._id, "refuse");

    expect(await read(bench)).to.deep.equal(["Bonjour", "Merci"]);
    expect(await bench.counted()).to.equal(2);
    const gone = await commentById(bench.city.visitor, toSpam._id);
    expect([gone?.state, gone?.handled?.why]).to.deep.equal(["refused", ["answers-refused"]]);
  });

  it("is refused with a reason, kept for a month, and can still be published after all", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");

    const { expiresAt, handled } = await rule(bench.moderator, _id, "refuse", "Déjà dit.");

    expect(expiresAt?.getTime()).to.equal(bench.city.clock.now().getTime() + 30 * 86_400_000);
    expect([handled?.why, handled?.note]).to.deep.equal([["spam"], "Déjà dit."]);
    expect((await listRefused(bench.moderator, null, 5)).items).to.have.length(1);
    const after = await rule(bench.moderator, _id, "release");
    expect([after.state, after.expiresAt, await bench.counted()]).to.deep.equal([
      "shown",
      undefined,
      1,
    ]);
    expect(await words(bench.moderator)).to.deep.equal(["refused", "released"]);
  });

  it("is refused with all others of its author when they are blocked, and that can be lifted", async () => {
    const bench = await aBench();
    const first = await bench.say("spam", "Un");
    await bench.say("spam", "Deux");
    const other = await bench.say("ana", "Bonjour");

    await rule(bench.moderator, first._id, "block");

    const { items } = await listHeld(bench.moderator, null, 10);
    expect(items.map(({ _id }) => _id)).to.deep.equal([other._id]);
    expect((await bench.say("spam", "Trois")).handled?.why).to.deep.equal(["blocked"]);
    await unblockAuthor(bench.moderator, first.authorId);
    expect((await bench.say("spam", "Quatre")).state).to.equal("held");
    expect(await words(bench.moderator)).to.deep.equal(["blocked", "unblocked"]);
  });

  it("is decided by moderators alone, and nobody of here is blocked this way", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");
    const { _id: local } = await publishComment(bench.author, {
      ...{ proposalId: bench.proposal._id, parentId: null, body: "Oui" },
    });

    await expectRefusal(rule(bench.author, _id, "release"), "not-allowed");
    await expectRefusal(rule(bench.city.visitor, _id, "release"), "not-signed-in");
    await expectRefusal(rule(bench.moderator, local, "block"), "not-allowed");
    expect((await commentById(bench.city.visitor, _id))?.state).to.equal("held");
  });

  it("cannot be published on a proposal that was withdrawn meanwhile", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");
    await withdrawProposal(bench.author, 1);

    await expectRefusal(rule(bench.moderator, _id, "release"), "withdrawn");
    expect(await bench.counted()).to.equal(0);
  });

  it("is paged, the oldest first, without losing one", async () => {
    const bench = await aBench();
    for (const text of ["1", "2", "3", "4", "5"]) await bench.say(`p${text}`, text);

    const first = await listHeld(bench.moderator, null, 3);
    const second = await listHeld(bench.moderator, first.next, 3);

    const said = [...first.items, ...second.items].map(({ body }) => body);
    expect([said.join(""), second.next]).to.deep.equal(["12345", null]);
  });
});

describe("a comment that a moderator hides", () => {
  afterEach(closeCities);

  it("keeps its place without its words, is not counted, and comes back as it was", async () => {
    const bench = await aBench();
    const { _id } = await publishComment(bench.author, {
      ...{ proposalId: bench.proposal._id, parentId: null, body: "Zut" },
    });

    await rule(bench.moderator, _id, "hide", "Injure.");
    await rule(bench.moderator, _id, "hide");

    await bench.city.later(10_000);
    expect(await bench.counted()).to.equal(0);
    expect((await commentById(bench.city.visitor, _id))?.state).to.equal("hidden");
    await rule(bench.moderator, _id, "show");
    expect([await read(bench), await bench.counted()]).to.deep.equal([["Zut"], 1]);
    const { items } = await listDecisions(bench.moderator, null, 5);
    expect(items.map(({ what, note }) => [what, note])).to.deep.equal([
      ["shown-again", ""],
      ["hidden", "Injure."],
    ]);
  });

  it("is written down as a decision, as is a proposal that a moderator withdraws", async () => {
    const bench = await aBench();

    await withdrawProposal(bench.moderator, 1, { why: "illegal", note: "Appel à la haine." });
    await bench.city.settle();

    const { items } = await listDecisions(bench.moderator, null, 5);
    expect(items.map(({ what, by, why, note }) => [what, by, why, note])).to.deep.equal([
      ["withdrawn", bench.moderator.member._id, ["illegal"], "Appel à la haine."],
    ]);
  });

  it("refuses what waits under a proposal that is withdrawn, since it can never be shown", async () => {
    const bench = await aBench();
    const { _id } = await bench.say("ana", "Bonjour");

    await withdrawProposal(bench.author, 1);
    await bench.city.settle();

    const kept = await commentById(bench.city.visitor, _id);
    expect([kept?.state, kept?.handled?.why]).to.deep.equal(["refused", ["withdrawn"]]);
    expect(await waitingCount(bench.moderator)).to.equal(0);
  });
});
