import { z } from "zod";
import { proposalById } from "../../features/proposals/proposals.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import { actorUri, city, collectionUri, type LocalActor } from "../addresses.js";
import { gatherProposal, isNumbered } from "../documents/gather.js";
import { activitiesCollection, type Audience } from "../records.js";
import type { Services } from "../services.js";
import { quotable } from "../translate/echo.js";
import { paragraph } from "../translate/html.js";
import { proposalNote, type ProposalInPublic } from "../translate/proposal.js";
import { wordsOf } from "../translate/words.js";
import { PUBLIC, type As2 } from "../vocabulary.js";
import { nobody, wasTold, type Send } from "./send.js";
import { spanOf } from "./span.js";

type Numbered = Proposal & { readonly number: number };

/** The actor that a proposal's Note is attributed to. */
export function proposalActor({ number }: Numbered): LocalActor {
  return { kind: "proposal", number };
}

/** Everybody who follows a proposal, and the linked instances that follow the city. */
export function audienceOf(ctx: Ctx, proposal: Numbered): Audience {
  return {
    ...nobody,
    followersOf: [actorUri(ctx.instance, proposalActor(proposal))],
    linkedOf: [actorUri(ctx.instance, city)],
  };
}

async function ownProposal(ctx: Ctx, proposalId: string): Promise<Numbered | null> {
  const proposal = await proposalById(ctx, proposalId);
  return isNumbered(proposal) ? proposal : null;
}

/**
 * Tell of a new proposal: its own actor creates it, the city and its topic boost it (first posts
 * only). The key pairs are made here, outside of the request that published it.
 */
export async function tellPublished(
  { vault }: Services,
  send: Send,
  ctx: Ctx,
  proposalId: string,
): Promise<void> {
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal === null) return;
  const actor = proposalActor(proposal);
  await vault.publicKeys(ctx, actorUri(ctx.instance, actor));
  const { topic } = await tellCreated(send, ctx, proposal);
  await announce(send, ctx, city, proposal);
  if (topic !== null) await announce(send, ctx, { kind: "topic", slug: topic.slug }, proposal);
}

async function tellCreated(send: Send, ctx: Ctx, proposal: Numbered): Promise<ProposalInPublic> {
  const gathered = await gatherProposal(ctx, proposal);
  const note = proposalNote(gathered);
  await send(ctx, {
    ...{ key: createKey(proposal._id), actor: proposalActor(proposal), type: "Create" },
    ...{ object: note, objectUri: proposal.uri, to: [PUBLIC], cc: note["cc"] as string[] },
    ...{ listed: true, audience: audienceOf(ctx, proposal) },
  });
  return gathered;
}

function createKey(proposalId: string): string {
  return `create/${proposalId}`;
}

async function announce(
  send: Send,
  ctx: Ctx,
  actor: LocalActor,
  proposal: Numbered,
): Promise<void> {
  const who = actor.kind === "topic" ? actor.slug : "city";
  await send(ctx, {
    ...{ key: `announce/${who}/${proposal._id}`, actor, type: "Announce", listed: true },
    ...{ object: proposal.uri, objectUri: proposal.uri, to: [PUBLIC] },
    cc: [collectionUri(ctx.instance, actor, "followers")],
    audience: { ...nobody, followersOf: [actorUri(ctx.instance, actor)] },
  });
}

/** What is told is kept for longer than this; of what was told before nothing can be concluded. */
const surelyKeptMs = 29 * 24 * 3_600_000;

/** Whether what was last told of an object is this very document. */
async function isTold(ctx: Ctx, objectUri: string, note: As2): Promise<boolean> {
  const rows = ctx.collection(activitiesCollection);
  const last = { sort: { _id: -1 }, limit: 1 } as const;
  const [[created], [updated]] = await Promise.all([
    rows.find({ objectUri, type: "Create" }, last).toArray(),
    rows.find({ objectUri, type: "Update" }, last).toArray(),
  ]);
  const latest = updated ?? created;
  if (latest === undefined) return false;
  if (latest.at.getTime() < ctx.clock.now().getTime() - surelyKeptMs) return false;
  const { object } = JSON.parse(latest.body) as { readonly object?: unknown };
  return JSON.stringify(object) === JSON.stringify(note);
}

/** One that was imported is never told of as new. */
async function tellFirst(send: Send, ctx: Ctx, proposalId: string): Promise<void> {
  if (await wasTold(ctx, createKey(proposalId))) return;
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal?.importKey === null) await tellCreated(send, ctx, proposal);
}

/**
 * Tell how a proposal reads and stands now. `what` names the change, so that it is told once; a state
 * that others have been told already is not told again under another name. A change that is heeded
 * before its proposal was told, by another process or because that failed once, tells it first.
 */
export async function tellUpdated(
  send: Send,
  ctx: Ctx,
  proposalId: string,
  what: string,
): Promise<void> {
  await tellFirst(send, ctx, proposalId);
  const id = ctx.ids.next();
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal === null) return;
  const note = proposalNote(await gatherProposal(ctx, proposal));
  const key = `update/${proposalId}/${what}`;
  const known = await ctx.collection(activitiesCollection).findOne({ key });
  if (known === null && (await isTold(ctx, proposal.uri, note))) return;
  await send(ctx, {
    ...{ id, key, actor: proposalActor(proposal), type: "Update" },
    ...{ object: note, objectUri: proposal.uri, to: [PUBLIC], cc: note["cc"] as string[] },
    ...{ listed: false, audience: audienceOf(ctx, proposal) },
  });
}

/** Tell of an edit, once for each version. */
export async function tellEdited(send: Send, ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal !== null) await tellUpdated(send, ctx, proposalId, `version/${proposal.version}`);
}

/**
 * Tell that its author took a proposal back: a note for feeds, and an Update for those who hold it. The
 * note comes first, as it is one of the proposal's answers, which the Update tells.
 */
export async function tellWithdrawn(send: Send, ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal === null) return;
  await tellStatus(send, ctx, proposalId, "withdrawn");
  await tellUpdated(send, ctx, proposalId, "withdrawn");
}

/** A short note about where a proposal stands: only a new post reaches the feeds of followers. */
export async function tellStatus(
  send: Send,
  ctx: Ctx,
  proposalId: string,
  what: string,
): Promise<void> {
  const proposal = await ownProposal(ctx, proposalId);
  if (proposal === null) return;
  const words = wordsOf(ctx.instance.language);
  await tellNews(send, ctx, proposal, {
    key: `status/${proposalId}/${what}`,
    text: words.statusNow(proposal.title, words.status[proposal.status]),
  });
}

/** A short note by a proposal's actor; it lives in the activity that tells of it. */
export async function tellNews(
  send: Send,
  ctx: Ctx,
  proposal: Numbered,
  { key, text }: { readonly key: string; readonly text: string },
): Promise<void> {
  const actor = proposalActor(proposal);
  const uri = actorUri(ctx.instance, actor);
  const cc = [collectionUri(ctx.instance, actor, "followers")];
  const published = ctx.clock.now().toISOString();
  await send(ctx, {
    ...{ key, actor, type: "Create", to: [PUBLIC], cc, listed: true, objectUri: "" },
    object: (id: string): As2 => ({
      id: `${proposal.uri}/notes/${id}`,
      type: "Note",
      attributedTo: uri,
      inReplyTo: proposal.uri,
      context: `${proposal.uri}/context`,
      content: paragraph(text),
      contentMap: { [ctx.instance.language]: paragraph(text) },
      url: ctx.instance.url(`/proposals/${proposal.number}`),
      ...{ published, to: [PUBLIC], cc, sensitive: false, interactionPolicy: quotable },
    }),
    audience: { ...nobody, followersOf: [uri] },
  });
}

/** Tell the figures of a proposal at the end of each span of time in which they moved. */
export type TellMoved = JobDef<{ proposalId: string; span: number }>;

/** The job that tells moved figures. */
export function createTellMoved(send: Send): TellMoved {
  return defineJob({
    name: "federation.tell-moved",
    payload: z.object({ proposalId: z.string(), span: z.number() }),
    run: (ctx, { proposalId, span }) => tellUpdated(send, ctx, proposalId, `moved/${span}`),
  });
}

/** Have the figures told soon; however often they move, one Update goes out per span. */
export async function tellSoon(
  services: Services,
  tellMoved: TellMoved,
  ctx: Ctx,
  proposalId: string,
): Promise<void> {
  const { span, delayMs } = spanOf(services, ctx);
  await ctx.enqueue(tellMoved, { proposalId, span }, { id: `tell/${proposalId}/${span}`, delayMs });
}
