import { expect } from "chai";
import { publishProposal, withdrawProposal } from "../../src/features/proposals/publishing.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import {
  editResponse,
  publishResponse,
  reachMilestone,
} from "../../src/features/responses/answering.js";
import type { Response } from "../../src/features/responses/response.js";
import { responseById } from "../../src/features/responses/responses.js";
import type { Ctx } from "../../src/kit/index.js";
import { aDraft } from "../support/builders.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

interface Scene {
  readonly town: Town;
  readonly peer: Peer;
  readonly author: Ctx;
  readonly mayor: Ctx;
  readonly proposal: Proposal;
  /** What the peer was sent since last asked, as `type of activity: type or id of object`. */
  news(): Promise<string[]>;
}

/** Somebody elsewhere follows one proposal, and nothing else. */
async function aFollowedProposal(): Promise<Scene> {
  const town = await aTown();
  const peer = await aPeer();
  const author = await town.newcomer();
  const mayor = await town.newcomer("Adjointe", "official");
  const proposal = await publishProposal(author, aDraft());
  await town.settle();
  const alice = await peer.actor("alice");
  await peer.post(town, alice, peer.activity(alice, "Follow", `${proposal.uri}/actor`));
  await town.settle();
  peer.received.length = 0;
  return {
    ...{ town, peer, author, mayor, proposal },
    async news() {
      await town.settle();
      const told = peer.inboxed().map(({ type, object }) => {
        const inner = object as { id?: string } | string;
        const id = typeof inner === "string" ? inner : (inner.id ?? "");
        return `${String(type)} ${id.replace(town.origin, "").replace(/[0-9a-z]{26}/g, "…")}`;
      });
      peer.received.length = 0;
      return told.sort();
    },
  };
}

const answer = {
  ...{ office: "Espaces verts", decision: "accepted" as const, body: "Nous le ferons." },
};

async function answered({ mayor, proposal }: Scene): Promise<Response> {
  return publishResponse(mayor, {
    ...{ ...answer, proposalId: proposal._id },
    milestones: [{ title: "Étude des sols", due: null }],
  });
}

describe("somebody who follows one proposal from Mastodon", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("gets the official answer, boosted by the proposal, and its new status", async () => {
    const scene = await aFollowedProposal();

    await answered(scene);

    expect(await scene.news()).to.deep.equal([
      ...["Announce /responses/…", "Create /responses/…", "Update /proposals/1"],
    ]);
  });

  it("gets a short post when the decision changes, and none for a better wording", async () => {
    const scene = await aFollowedProposal();
    const first = await answered(scene);
    await scene.news();
    const steps = first.milestones.map(({ _id, title, due }) => ({ _id, title, due }));

    scene.town.clock.advance(1_000);
    await editResponse(scene.mayor, first._id, {
      ...{ ...answer, body: "Nous le ferons bientôt.", milestones: steps, editedAt: null },
    });
    expect(await scene.news()).to.deep.equal(["Update /proposals/1", "Update /responses/…"]);

    scene.town.clock.advance(1_000);
    const { editedAt } = (await responseById(scene.mayor, first._id)) as Response;
    await editResponse(scene.mayor, first._id, {
      ...{ ...answer, decision: "declined", milestones: steps, editedAt },
    });
    expect(await scene.news()).to.include("Create /proposals/1/notes/…");
  });

  it("gets a short post for each step that is done, readable at its own address", async () => {
    const scene = await aFollowedProposal();
    const first = await answered(scene);
    await scene.news();

    await reachMilestone(scene.mayor, first._id, first.milestones[0]?._id ?? "");
    await scene.town.settle();

    const [created] = scene.peer.inboxed("Create");
    const note = created?.["object"] as { id: string; content: string };
    expect(note.content).to.contain("Étude des sols");
    const read = await fetch(note.id, { headers: { accept: "application/activity+json" } });
    expect(((await read.json()) as { content: string }).content).to.equal(note.content);
  });

  it("hears that its author took it back", async () => {
    const scene = await aFollowedProposal();

    await withdrawProposal(scene.author, 1);

    const news = await scene.news();
    expect(news).to.include("Create /proposals/1/notes/…");
    expect(news).to.include("Update /proposals/1");
  });
});
