import { expect } from "chai";
import type { Comment } from "../../../src/features/comments/comment.js";
import {
  commentByUri,
  deleteComment,
  editComment,
  publishComment,
} from "../../../src/features/comments/comments.js";
import { consentToNetwork, erasePerson } from "../../../src/features/people/people.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { proposalByUri } from "../../../src/features/proposals/proposals.js";
import { editProposal, publishProposal } from "../../../src/features/proposals/publishing.js";
import {
  editResponse,
  publishResponse,
  reachMilestone,
} from "../../../src/features/responses/answering.js";
import type { Response } from "../../../src/features/responses/response.js";
import { giveSupport, takeBackSupport } from "../../../src/features/supports/supports.js";
import type { Ctx, Member } from "../../../src/kit/index.js";
import { aDraft } from "../../support/builders.js";
import { aClock } from "../../support/city.js";
import { countingPosts, pictureOn } from "../support/pictures.js";
import { aTown, closeTowns, laterAll, settleAll, type Town } from "../support/town.js";

type Citizen = Ctx & { readonly member: Member };

describe("five linked instances", function () {
  this.timeout(60_000);
  const posts = countingPosts();
  let towns: readonly Town[];
  let citizens: readonly Citizen[];
  let author: Citizen;
  let mayor: Citizen;
  let home: Town;
  let proposal: Proposal;
  let response: Response;

  before(async () => {
    const clock = aClock();
    const names = ["Valmont", "Montclair", "Vélo", "Arbres", "Écoles"];
    towns = await Promise.all(
      names.map((name, at) => aTown({ name, clock, kind: at < 2 ? "city" : "association" })),
    );
    home = towns[0] as Town;
    for (const one of towns) {
      for (const other of towns) {
        if (one !== other) await one.federation.linkInstance(one.visitor, other.origin);
      }
    }
    await settled();
    author = await home.newcomer("Dominique");
    mayor = await home.newcomer("Adjointe", "official");
    citizens = await Promise.all(towns.map((town, at) => town.newcomer(`Citoyen ${at}`)));
    for (const citizen of citizens) await consentToNetwork(citizen);
    await settled();
    posts.fresh();
  });
  after(async () => {
    posts.stop();
    await closeTowns();
  });

  /** Everything told, with the figures that are told once a while. */
  const settled = async (): Promise<void> => {
    await laterAll(15_000, ...towns);
    await laterAll(15_000, ...towns);
  };
  const copyOn = async (at: number): Promise<Proposal> => {
    const copy = await proposalByUri((towns[at] as Town).visitor, proposal.uri);
    if (copy === null) throw new Error(`not seen on instance ${at}`);
    return copy;
  };
  const say = async (at: number, body: string, answers: Comment | null): Promise<Comment> => {
    const citizen = citizens[at] as Citizen;
    const parent = answers === null ? null : await commentByUri(citizen, answers.uri);
    if (answers !== null && parent === null) throw new Error(`not heard on instance ${at}`);
    const { _id: proposalId } = await copyOn(at);
    const parentId = parent?._id ?? null;
    const comment = await publishComment(citizen, { proposalId, parentId, body });
    await settled();
    return comment;
  };
  /** Every instance shows the same; what that is. */
  const agreed = async () => {
    const [first, ...others] = await Promise.all(towns.map((one) => pictureOn(one, proposal.uri)));
    for (const [at, other] of others.entries()) {
      expect(other, `instance ${at + 1}`).to.deep.equal(first);
    }
    return first;
  };

  it("all show what one of them publishes, each told once", async () => {
    proposal = await publishProposal(author, aDraft({ title: "Une piste jusqu’à la gare" }));
    await settled();

    expect(await agreed()).to.include({ title: "Une piste jusqu’à la gare", status: "open" });
    // A Create, and the boost by the city.
    expect(posts.fresh()).to.equal(2 * 4);
  });

  it("count the supports of all four others, and agree when one is taken back", async () => {
    for (const at of [1, 2, 3, 4]) await giveSupport(citizens[at] as Citizen, await copyOn(at));
    await settled();
    expect(await agreed()).to.include({ supports: 4 });
    // Four Likes, and one Update of the figures to each.
    expect(posts.fresh()).to.equal(4 + 4);

    await takeBackSupport(citizens[4] as Citizen, await copyOn(4));
    await settled();
    expect(await agreed()).to.include({ supports: 3 });
    expect(posts.fresh()).to.equal(1 + 4);
  });

  it("hold one conversation of replies to replies across instances", async () => {
    const first = await say(2, "Bonne **idée**.", null);
    const second = await say(1, "Et le pont ?", first);
    const third = await say(3, "Le pont aussi.", second);
    await say(0, "Merci à tous.", third);
    const told = posts.fresh();

    const picture = await agreed();
    expect(picture?.comments).to.equal(4);
    expect(picture?.thread.map(({ state }) => state)).to.deep.equal(Array(4).fill("shown"));
    const answered = new Map(picture?.thread.map(({ uri, answers }) => [uri, answers]));
    expect(answered.get(third.uri)).to.equal(second.uri);
    // For each comment: to its proposal's home and whom it answers, forwarded to or told to four, and
    // one Update of the figures to four.
    expect(told).to.be.within(4 * 8 - 4, 4 * (2 + 4 + 4));

    await editComment(citizens[2] as Citizen, first._id, { body: "Très bonne idée." });
    await settled();
    expect((await agreed())?.thread.map(({ html }) => html)).to.include("<p>Très bonne idée.</p>");
    expect(posts.fresh()).to.be.at.most(2 + 4);

    await deleteComment(citizens[3] as Citizen, third._id);
    await settled();
    const after = await agreed();
    expect(after?.comments).to.equal(3);
    expect(after?.thread.find(({ uri }) => uri === third.uri)?.state).to.equal("deleted");
    expect(posts.fresh()).to.be.at.most(2 + 4 + 4);
  });

  it("show the answer of the city that was asked, its change, and each step", async () => {
    const answer = { office: "Voirie", decision: "under-study", body: "Nous étudions." } as const;
    response = await publishResponse(mayor, {
      ...{ ...answer, proposalId: proposal._id },
      milestones: [{ title: "Étude", due: "2026-09-01" }],
    });
    await settled();
    expect(await agreed()).to.include({ status: "under-study" });

    const milestones = response.milestones.map(({ _id, title, due }) => ({ _id, title, due }));
    await editResponse(mayor, response._id, {
      ...{ ...answer, decision: "accepted", body: "Nous la ferons.", milestones },
      editedAt: response.editedAt,
    });
    await settled();
    expect(await agreed()).to.include({ status: "accepted" });
    await reachMilestone(mayor, response._id, milestones[0]?._id ?? "");
    await settled();
    const picture = await agreed();
    expect(picture?.answer?.steps[0]?.[1]).to.be.a("date");
    // Three changes: a Note, a boost or a short note, an Update of the proposal, to four at most;
    // and the answer is pinned.
    expect(posts.fresh()).to.be.at.most(3 * 3 * 4 + 4);
  });

  it("show an edited proposal", async () => {
    const current = await copyOn(0);
    await editProposal(author, proposal.number ?? 0, {
      ...aDraft({ title: "Une piste sûre jusqu’à la gare" }),
      version: current.version,
    });
    await settled();

    expect(await agreed()).to.include({ title: "Une piste sûre jusqu’à la gare" });
    expect(posts.fresh()).to.be.at.most(2 * 4);
  });

  it("forget the name of somebody who left, wherever they took part", async () => {
    const leaver = citizens[1] as Citizen;
    await erasePerson(leaver, leaver.member._id);
    await settled();

    const picture = await agreed();
    const names = picture?.thread.map(({ by }) => by);
    expect(names).to.not.include("Citoyen 1").and.include("un ancien membre");
    expect(posts.fresh()).to.be.at.most(4 + 4);
  });

  it("say nothing more once all is said", async () => {
    await settleAll(...towns);
    posts.fresh();
    for (let round = 0; round < 5; round += 1) await laterAll(120_000, ...towns);

    expect(posts.fresh()).to.equal(0);
    await agreed();
  });
});
