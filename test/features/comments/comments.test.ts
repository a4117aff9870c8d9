import { expect } from "chai";
import {
  commentById,
  deleteComment,
  editComment,
  publishComment,
} from "../../../src/features/comments/comments.js";
import {
  receiveComment,
  receiveCommentDeleted,
  receiveCommentEdit,
} from "../../../src/features/comments/receiving.js";
import {
  commentersOf,
  discussionOf,
  type Thread,
} from "../../../src/features/comments/discussion.js";
import { receivePerson } from "../../../src/features/people/people.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { aProposal, expectRefusal, ofLinked } from "../../support/builders.js";
import { aCity, closeCities, type City } from "../../support/city.js";

const outline = (threads: readonly Thread[]): unknown[] =>
  threads.map(({ comment, replies }) => [comment.body, ...outline(replies)]);

async function aRemotePerson(city: City, user = "ana") {
  return receivePerson(city.visitor, {
    ...{ uri: `https://social.example/users/${user}`, name: user, about: "" },
    ...{ handle: `${user}@social.example`, host: "social.example" },
    url: `https://social.example/@${user}`,
  });
}

describe("commenting a proposal", () => {
  afterEach(closeCities);

  it("builds threads, the oldest first, each answer under what it answers", async () => {
    const city = await aCity();
    const ctx = await city.newcomer();
    const { _id: proposalId } = await aProposal(ctx);
    const say = (body: string, parentId: string | null = null) =>
      publishComment(ctx, { proposalId, parentId, body });
    const one = await say("un");
    await say("deux");
    const reply = await say("un, un", one._id);
    await say("un, deux", one._id);
    await say("un, un, un", reply._id);

    const { threads } = await discussionOf(ctx, proposalId, { cursor: null, limit: 20 });

    expect(outline(threads)).to.deep.equal([
      ["un", ["un, un", ["un, un, un"]], ["un, deux"]],
      ["deux"],
    ]);
    expect((await proposalById(ctx, proposalId))?.counts.comments).to.equal(5);
  });

  it("pages its threads and loses none while new ones arrive", async () => {
    const city = await aCity();
    const { _id: proposalId } = await aProposal(await city.newcomer());
    const say = async (body: string) =>
      publishComment(await city.newcomer(), { proposalId, parentId: null, body });
    for (let n = 1; n <= 7; n++) await say(String(n));
    const first = await discussionOf(city.visitor, proposalId, { cursor: null, limit: 4 });
    await say("8");

    const second = await discussionOf(city.visitor, proposalId, { cursor: first.next, limit: 4 });

    expect(
      outline([...first.threads, ...second.threads])
        .flat()
        .join(""),
    ).to.equal("12345678");
    expect(second.next).to.equal(null);
  });

  it("forgets the words of a deleted comment and keeps its place while it has answers", async () => {
    const city = await aCity();
    const ctx = await city.newcomer();
    const { _id: proposalId } = await aProposal(ctx);
    const first = await publishComment(ctx, { proposalId, parentId: null, body: "Regretté" });
    const lonely = await publishComment(ctx, { proposalId, parentId: null, body: "Seul" });
    await publishComment(ctx, { proposalId, parentId: first._id, body: "Réponse" });

    await deleteComment(ctx, first._id);
    await deleteComment(ctx, lonely._id);

    const { threads } = await discussionOf(ctx, proposalId, { cursor: null, limit: 20 });
    expect(outline(threads)).to.deep.equal([["", ["Réponse"]]]);
    expect((await commentById(ctx, first._id))?.html).to.equal("");
    expect((await proposalById(ctx, proposalId))?.counts.comments).to.equal(1);
    const late = publishComment(ctx, { proposalId, parentId: first._id, body: "Trop tard" });
    await expectRefusal(late, "gone");
    await city.later(10_000);
    expect((await proposalById(ctx, proposalId))?.counts.comments).to.equal(1);
  });

  it("is changed and removed by its author alone: moderators hide, and say so", async () => {
    const city = await aCity();
    const [author, other] = [await city.newcomer(), await city.newcomer()];
    const { _id: proposalId } = await aProposal(author);
    const { _id } = await publishComment(author, { proposalId, parentId: null, body: "Bonjour" });
    const moderator = await city.newcomer("Modération", "moderator");

    await expectRefusal(editComment(other, _id, { body: "Piraté" }), "not-allowed");
    await expectRefusal(editComment(moderator, _id, { body: "Piraté" }), "not-allowed");
    await expectRefusal(deleteComment(other, _id), "not-allowed");
    await expectRefusal(deleteComment(city.visitor, _id), "not-signed-in");
    expect((await editComment(author, _id, { body: "Bonsoir" })).body).to.equal("Bonsoir");
    await expectRefusal(deleteComment(moderator, _id), "not-allowed");
    await deleteComment(author, _id);

    await expectRefusal(editComment(author, _id, { body: "Encore" }), "gone");
  });

  it("takes thirty comments in ten minutes from one person", async () => {
    const city = await aCity();
    const ctx = await city.newcomer();
    const { _id: proposalId } = await aProposal(ctx);
    const say = () => publishComment(ctx, { proposalId, parentId: null, body: "Encore" });
    for (let n = 0; n < 30; n++) await say();
    await expectRefusal(say(), "too-many-tries");
  });

  it("keeps a comment of the network once, cleaned, and heeds its author alone", async () => {
    const city = await aCity();
    const { _id: proposalId } = await aProposal(await city.newcomer());
    const [ana, ben] = [await aRemotePerson(city), await aRemotePerson(city, "ben")];
    const told = {
      ...{ uri: "https://social.example/notes/1", proposalId, parentId: null },
      ...{ personId: ana._id, text: "Bravo", publishedAt: new Date(0) },
      html: '<p onclick="x()">Bravo<script>alert(1)</script></p>',
      from: ofLinked(),
    };

    const copies = await Promise.all([1, 2, 3].map(() => receiveComment(city.visitor, told)));

    expect(new Set(copies.map(({ _id }) => _id)).size).to.equal(1);
    expect(copies[0]?.html).to.equal("<p>Bravo</p>");
    const words = { html: "<p>Volé</p>", text: "Volé", mentions: 0 };
    await expectRefusal(receiveCommentEdit(city.visitor, told.uri, ben._id, words), "not-allowed");
    await expectRefusal(receiveCommentDeleted(city.visitor, told.uri, ben._id), "not-allowed");
    await receiveCommentDeleted(city.visitor, told.uri, ana._id);
    await receiveCommentDeleted(city.visitor, told.uri, ana._id);
    expect((await proposalById(city.visitor, proposalId))?.counts.comments).to.equal(0);
  });

  it("names everybody who commented once", async () => {
    const city = await aCity();
    const ctx = await city.newcomer();
    const { _id: proposalId } = await aProposal(ctx);
    for (const body of ["a", "b"]) await publishComment(ctx, { proposalId, parentId: null, body });

    const batch = await commentersOf(ctx, proposalId, null);

    expect(batch).to.deep.equal([ctx.member._id]);
    expect(await commentersOf(ctx, proposalId, batch.at(-1) ?? "")).to.deep.equal([]);
  });
});
