import {
  deleteComment,
  editComment,
  publishComment,
} from "../../../src/features/comments/comments.js";
import { leaveNetwork, renamePerson } from "../../../src/features/people/people.js";
import {
  editProposal,
  publishProposal,
  withdrawProposal,
} from "../../../src/features/proposals/publishing.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import {
  editResponse,
  publishResponse,
  reachMilestone,
} from "../../../src/features/responses/answering.js";
import { giveSupport, takeBackSupport } from "../../../src/features/supports/supports.js";
import { createTopic } from "../../../src/features/topics/topics.js";
import { present } from "../../support/presenting.js";
import type { Language } from "../../../src/kit/index.js";
import { aDraft, aReceivedProposal } from "../../support/builders.js";
import { instanceActor, actorUri } from "../../../src/federation/addresses.js";
import type { SeenAccount } from "./account.js";
import { answerMore, deal } from "./dealing-story.js";
import { aStage, type Stage, type Told } from "./stage.js";

/** All that readers elsewhere live through with one city: its accounts, and what it tells, in order. */
export interface Story {
  readonly stage: Stage;
  readonly accounts: Readonly<Record<string, SeenAccount>>;
  readonly steps: ReadonlyMap<string, readonly Told[]>;
}

const place = { name: "École Jean-Moulin", latitude: 45.2, longitude: 4.1 };

/** Live through it. */
export async function liveThrough(language: Language): Promise<Story> {
  const stage = await aStage(language);
  const { town, sacha } = stage;
  const steps = new Map<string, readonly Told[]>();
  const step: Step = async (title, work) => {
    let result: unknown;
    const told = await stage.after(async () => {
      result = await work();
    });
    steps.set(title, told);
    return result as Awaited<ReturnType<typeof work>>;
  };
  const topic = await createTopic(town.visitor, {
    ...{ name: "Espaces verts", slug: "nature", description: "Arbres, parcs et jardins." },
  });
  const cityUri = `${town.origin}/actor`;
  const topicUri = `${town.origin}/topics/${topic.slug}`;
  const accounts: Record<string, SeenAccount> = {};
  await step("somebody follows the city, a topic, a citizen", async () => {
    accounts["city"] = await stage.follow("city", cityUri);
    accounts["topic"] = await stage.follow("topic", topicUri);
    accounts["citizen"] = await stage.follow("citizen", stage.sachaUri);
  });
  const author = await town.newcomer("Camille");
  const proposal = await step("a proposal is published", () =>
    publishProposal(author, aDraft({ topicId: topic._id, place })),
  );
  await step("somebody follows the proposal", async () => {
    accounts["proposal"] = await stage.follow("proposal", `${proposal.uri}/actor`);
  });
  accounts["instance"] = await stage.account(actorUri(town.instance, instanceActor));
  await step("it is supported", () => giveSupport(sacha, proposal));
  await discuss(stage, step, proposal._id);
  await step("the proposal is edited", () =>
    editProposal(author, proposal.number ?? 0, {
      ...aDraft({ title: "Des tilleuls devant l’école", topicId: topic._id, place }),
      version: 1,
    }),
  );
  await answer(stage, step, proposal._id);
  await answerMore(stage, step);
  await changeFaces(stage, step);
  await beyond(stage, step, topic._id);
  await deal(stage, step, proposal);
  await step("a citizen leaves the network", () => leaveNetwork(sacha));
  return { stage, accounts, steps };
}

/** Live through something, and note what is told of it. */
export type Step = <T>(title: string, work: () => Promise<T>) => Promise<T>;

async function discuss({ sacha, noa }: Stage, step: Step, proposalId: string): Promise<void> {
  const comment = await step("a citizen comments", () =>
    publishComment(sacha, {
      proposalId,
      parentId: null,
      body: "Une **bonne** idée :\n\n- ombre\n- fraîcheur",
    }),
  );
  const reply = await step("somebody answers the comment", () =>
    publishComment(noa, { proposalId, parentId: comment._id, body: "Et les oiseaux !" }),
  );
  await step("the comment is edited", () =>
    editComment(sacha, comment._id, { body: "Une très bonne idée." }),
  );
  await step("what answered it is deleted", () => deleteComment(noa, reply._id));
}

async function answer({ town }: Stage, step: Step, proposalId: string): Promise<void> {
  const mayor = await town.newcomer("Adjointe", "official");
  const words = { office: "Espaces verts", decision: "accepted", body: "Nous le ferons." } as const;
  const response = await step("the town hall answers", () =>
    publishResponse(mayor, {
      ...{ ...words, proposalId },
      milestones: [{ title: "Étude des sols", due: "2026-05-01" }],
    }),
  );
  const milestones = response.milestones.map(({ _id, title, due }) => ({ _id, title, due }));
  await step("it changes its decision", () =>
    editResponse(mayor, response._id, {
      ...{ ...words, decision: "planned", milestones, editedAt: response.editedAt },
    }),
  );
  await step("a step is done", () => reachMilestone(mayor, response._id, milestones[0]?._id ?? ""));
}

async function changeFaces({ town, sacha }: Stage, step: Step): Promise<void> {
  const admin = await town.newcomer("Greffe", "admin");
  await step("the city presents itself anew", () =>
    present(admin, {
      ...{ tagline: "Au bord de l’eau", description: "Une ville **verte**." },
      fields: [{ label: "Site", value: "https://ville.example/" }],
    }),
  );
  await step("a citizen changes their name", () =>
    renamePerson(sacha, { name: "Sacha B.", about: "J’aime les arbres." }),
  );
}

/** What is proposed by somebody on the network and taken back, and what happens elsewhere. */
async function beyond(
  { town, sacha, peers, follow }: Stage,
  step: Step,
  topicId: string,
): Promise<void> {
  const other = await step("somebody on the network proposes", () =>
    publishProposal(sacha, aDraft({ title: "Une fontaine", topicId })),
  );
  await follow("proposal", `${other.uri}/actor`);
  await step("and takes it back", () => withdrawProposal(sacha, other.number ?? 0));
  const peer = peers.get("city");
  if (peer === undefined) throw new Error("there is no such server");
  const council = await peer.actor("council", { type: "Organization" });
  const { elsewhere } = aReceivedProposal();
  if (elsewhere === null) throw new Error("it is not from elsewhere");
  const seen = await receiveProposal(town.visitor, {
    ...aReceivedProposal({ uri: `${peer.origin}/proposals/7` }),
    elsewhere: { ...elsewhere, actorUri: council.uri },
  });
  if (seen === null) throw new Error("it was not taken");
  await step("the city asks another to link", () =>
    town.federation.linkInstance(town.visitor, council.uri),
  );
  await step("a citizen supports what was proposed elsewhere", () => giveSupport(sacha, seen));
  await step("and takes their support back", () => takeBackSupport(sacha, seen));
}
