import { expect } from "chai";
import { Refusal, type Ctx, type RefusalCode } from "../../src/kit/index.js";
import { topicBySlug, createTopic } from "../../src/features/topics/topics.js";
import type { Provenance } from "../../src/features/comments/verdict.js";
import type { Topic } from "../../src/features/topics/topic.js";
import { publishProposal, type NewProposal } from "../../src/features/proposals/publishing.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import type { ReceivedProposal } from "../../src/features/proposals/receiving.js";

/** A topic of the city: made when it is not there yet. */
export async function aTopic(ctx: Ctx, name = "Se déplacer"): Promise<Topic> {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z]+/g, "-")
    .slice(0, 20);
  const known = await topicBySlug(ctx, slug);
  return known ?? createTopic(ctx, { name, slug, description: "Rues, vélos et bus." });
}

/** What somebody might write. */
export function aDraft(change: Partial<NewProposal> = {}): NewProposal {
  return {
    title: "Des arbres devant l’école",
    body: "La cour et le trottoir sont trop chauds en juin. Plantons des tilleuls.",
    topicId: null,
    place: null,
    ...change,
  };
}

/** A published proposal by the signed-in member. */
export async function aProposal(ctx: Ctx, change: Partial<NewProposal> = {}): Promise<Proposal> {
  return publishProposal(ctx, aDraft(change));
}

/** A proposal as a linked instance would tell it. */
export function aReceivedProposal(change: Partial<ReceivedProposal> = {}): ReceivedProposal {
  return {
    uri: "https://velo.example/proposals/7",
    title: "Une piste cyclable jusqu’à la gare",
    html: "<p>Reliez la gare au centre.</p>",
    text: "Reliez la gare au centre.",
    place: null,
    elsewhere: {
      host: "velo.example",
      instanceName: "Association Vélo",
      actorUri: "https://velo.example/proposals/7/actor",
      url: "https://velo.example/proposals/7",
      number: 7,
      authorName: "Dominique",
      of: "association",
      answeredBy: ["https://velo.example/actor"],
    },
    publishedAt: new Date("2026-03-01T10:00:00.000Z"),
    status: "open",
    counts: { supports: 12, comments: 3 },
    ...change,
  };
}

/** The same, which names our city among those that answer it. */
export function aProposalToAnswer({ instance }: Pick<Ctx, "instance">): ReceivedProposal {
  const told = aReceivedProposal();
  const answeredBy = [...told.elsewhere.answeredBy, instance.url("/actor")];
  return { ...told, elsewhere: { ...told.elsewhere, answeredBy } };
}

/** What the network tells of a comment by somebody of a linked instance, who is shown at once. */
export function ofLinked(change: Partial<Provenance> = {}): Provenance {
  return {
    ...{
      host: "social.example",
      site: "social.example",
      isPublic: true,
      mentions: 1,
      isLinked: true,
      follows: false,
    },
    ...{ accountAgeMs: null, isAutomated: false, isLimitedHost: false, ...change },
  };
}

/** The same of somebody nobody here knows, whose comment waits. */
export function ofStranger(change: Partial<Provenance> = {}): Provenance {
  return ofLinked({ isLinked: false, ...change });
}

/** Resolves with the refusal when `work` was refused with `code`; anything else fails the test. */
export async function expectRefusal(work: Promise<unknown>, code: RefusalCode): Promise<Refusal> {
  const outcome: unknown = await work.then(
    () => "it was accepted",
    (error: unknown) => error,
  );
  if (!(outcome instanceof Refusal)) {
    if (outcome instanceof Error) throw outcome;
    throw new Error(`expected the refusal ${code}, but ${String(outcome)}`);
  }
  expect(outcome.code).to.equal(code);
  return outcome;
}
