import { z } from "zod";
import { proposalById } from "../../features/proposals/proposals.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import type { Response } from "../../features/responses/response.js";
import { isGivenHere, responseById } from "../../features/responses/responses.js";
import { settleUnanswered } from "../../features/responses/withdrawing.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, city, collectionUri, type LocalActor } from "../addresses.js";
import { gatherResponse, isNumbered } from "../documents/gather.js";
import { activitiesCollection, type Audience } from "../records.js";
import { homeInbox } from "../remote-actors.js";
import type { Services } from "../services.js";
import { changedAt, responseNote } from "../translate/response.js";
import { wordsOf } from "../translate/words.js";
import { PUBLIC } from "../vocabulary.js";
import { tellPins } from "./pins.js";
import { proposalActor, tellNews, tellStatus, tellUpdated } from "./proposals.js";
import { nobody, wasTold, type Send } from "./send.js";

const toldSchema = z.object({
  object: z.object({ civic: z.object({ decision: z.string() }) }),
});

interface Answered {
  readonly response: Response;
  readonly proposal: Proposal;
}

async function answered(ctx: Ctx, responseId: string): Promise<Answered | null> {
  const response = await responseById(ctx, responseId);
  const proposal = response === null ? null : await proposalById(ctx, response.proposalId);
  return response === null || proposal === null ? null : { response, proposal };
}

/** Followers of the city and of the proposal; for a proposal of elsewhere, its own actor. */
async function audienceOf(services: Services, ctx: Ctx, proposal: Proposal): Promise<Audience> {
  const cityUri = actorUri(ctx.instance, city);
  if (isNumbered(proposal)) {
    const uri = actorUri(ctx.instance, proposalActor(proposal));
    return { ...nobody, followersOf: [cityUri, uri] };
  }
  if (proposal.elsewhere === null) return { ...nobody, followersOf: [cityUri] };
  const inbox = await homeInbox(services, ctx, proposal.elsewhere);
  return { ...nobody, followersOf: [cityUri], inboxes: [inbox] };
}

interface Told {
  readonly type: "Create" | "Update";
  readonly what: string;
  /** Taken before the answer was read. */
  readonly id: string;
}

function keyOf({ _id }: Response, { type, what }: Pick<Told, "type" | "what">): string {
  return `${type}/response/${_id}/${what}`;
}

async function tellNote(
  services: Services,
  send: Send,
  ctx: Ctx,
  { response, proposal }: Answered,
  told: Told,
): Promise<void> {
  const first = { type: "Create", what: "first" } as const;
  // Its change may be heeded before it is, by another process or because that failed once.
  const isNews = told.type === "Update" && !(await wasTold(ctx, keyOf(response, first)));
  if (isNews) {
    const created = { ...first, id: ctx.ids.next() };
    await tellNote(services, send, ctx, { response, proposal }, created);
  }
  const note = responseNote(await gatherResponse(ctx, response, proposal));
  await send(ctx, {
    ...{ id: told.id, key: keyOf(response, told), actor: city },
    ...{ type: told.type, object: note, objectUri: response.uri, to: [PUBLIC] },
    ...{ cc: note["cc"] as string[], listed: told.type === "Create" },
    audience: await audienceOf(services, ctx, proposal),
  });
}

/** Boost an answer, for those who follow an actor. */
async function boost(
  send: Send,
  ctx: Ctx,
  { uri }: Pick<Response, "uri">,
  { actor, key }: { readonly actor: LocalActor; readonly key: string },
): Promise<void> {
  await send(ctx, {
    ...{ key, actor, type: "Announce", listed: true, object: uri, objectUri: uri, to: [PUBLIC] },
    cc: [collectionUri(ctx.instance, actor, "followers")],
    audience: { ...nobody, followersOf: [actorUri(ctx.instance, actor)] },
  });
}

/**
 * Tell of an official response: the city says it and boosts it, since feeds leave out what answers
 * somebody whom the reader does not follow; the proposal's actor boosts it, and those who hold the
 * proposal learn where it stands. One that came from elsewhere is boosted by the proposal alone.
 */
export async function tellResponse(
  services: Services,
  send: Send,
  ctx: Ctx,
  responseId: string,
): Promise<void> {
  const id = ctx.ids.next();
  const found = await answered(ctx, responseId);
  if (found === null) return;
  const { response, proposal } = found;
  if (isGivenHere(ctx, response)) {
    await tellNote(services, send, ctx, found, { type: "Create", what: "first", id });
    await boost(send, ctx, response, { actor: city, key: `announce/city/response/${responseId}` });
    await tellPins(send, ctx);
  }
  if (!isNumbered(proposal)) return;
  const actor = proposalActor(proposal);
  await boost(send, ctx, response, { actor, key: `announce/response/${responseId}` });
  await tellUpdated(send, ctx, proposal._id, `answered/${responseId}`);
}

/** Tell that an answer was changed, and where the proposal stands if that changed with it. */
export async function tellResponseEdited(
  services: Services,
  send: Send,
  ctx: Ctx,
  responseId: string,
): Promise<void> {
  const id = ctx.ids.next();
  const found = await answered(ctx, responseId);
  if (found === null) return;
  const at = String(changedAt(found.response)?.getTime() ?? 0);
  const { _id, status } = found.proposal;
  const told = await decisionTold(ctx, found.response.uri);
  if (told !== null && told !== found.response.decision) {
    await tellStatus(send, ctx, _id, `${status}/${at}`);
  }
  if (isGivenHere(ctx, found.response)) {
    await tellNote(services, send, ctx, found, { type: "Update", what: at, id });
  }
  await tellUpdated(send, ctx, _id, `answer/${at}`);
}

/**
 * Tell that an answer of elsewhere was taken back: the proposal's actor does not boost it any more, and
 * says where the proposal stands now.
 */
export async function tellResponseWithdrawn(
  send: Send,
  ctx: Ctx,
  { responseId, proposalId }: { readonly responseId: string; readonly proposalId: string },
): Promise<void> {
  const found = await proposalById(ctx, proposalId);
  if (!isNumbered(found) || (await responseById(ctx, responseId)) !== null) return;
  await settleUnanswered(ctx, proposalId);
  await endBoost(send, ctx, found, `announce/response/${responseId}`);
  const what = `unanswered/${responseId}`;
  if ((await proposalById(ctx, proposalId))?.status === "open") {
    await tellStatus(send, ctx, proposalId, what);
  }
  await tellUpdated(send, ctx, proposalId, what);
}

async function endBoost(
  send: Send,
  ctx: Ctx,
  proposal: Proposal & { readonly number: number },
  key: string,
): Promise<void> {
  const rows = ctx.collection(activitiesCollection);
  const boosted = await rows.findOne({ key });
  if (boosted === null) return;
  await rows.updateOne({ key }, { $set: { listed: false } });
  const { uri, actorUri: actor, objectUri } = boosted;
  const object = { id: uri, type: "Announce", actor, object: objectUri, to: [PUBLIC] };
  await send(ctx, {
    ...{ key: `undo/${key}`, actor: proposalActor(proposal), type: "Undo", object },
    ...{ objectUri: uri, to: [PUBLIC], listed: false },
    audience: { ...nobody, followersOf: [actor] },
  });
}

/** The decision that was last told of an answer, or null when it was not told from here. */
async function decisionTold(ctx: Ctx, objectUri: string): Promise<string | null> {
  const rows = ctx.collection(activitiesCollection);
  for (const type of ["Update", "Create"]) {
    const [last] = await rows.find({ objectUri, type }, { sort: { _id: -1 }, limit: 1 }).toArray();
    if (last !== undefined) return toldSchema.parse(JSON.parse(last.body)).object.civic.decision;
  }
  return null;
}

/** Tell that a step of an answer is done. */
export async function tellMilestone(
  services: Services,
  send: Send,
  ctx: Ctx,
  { responseId, milestoneId }: { readonly responseId: string; readonly milestoneId: string },
): Promise<void> {
  const id = ctx.ids.next();
  const found = await answered(ctx, responseId);
  if (found === null) return;
  const { response, proposal } = found;
  const what = `milestone/${milestoneId}`;
  if (isGivenHere(ctx, response)) {
    await tellNote(services, send, ctx, found, { type: "Update", what, id });
  }
  const milestone = response.milestones.find(({ _id }) => _id === milestoneId);
  if (!isNumbered(proposal) || milestone === undefined) return;
  await tellNews(send, ctx, proposal, {
    key: `news/${responseId}/${milestoneId}`,
    text: wordsOf(ctx.instance.language).milestoneDone(milestone.title, proposal.title),
  });
  await tellUpdated(send, ctx, proposal._id, what);
}
