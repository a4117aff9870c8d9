import { z } from "zod";
import {
  defineCollection,
  defineEvent,
  isDuplicate,
  Refusal,
  throttle,
  type Ctx,
  type Member,
} from "../../kit/index.js";
import { personById } from "../people/people.js";
import { standingOf } from "../people/standing.js";
import { countSupport } from "../proposals/movement.js";
import { proposalById } from "../proposals/proposals.js";
import { hasPlace } from "./bursts.js";
import {
  dropRefused,
  heldOrFull,
  judgeSupport,
  keepRefused,
  refuseIfWithdrawn,
  refusedSupport,
  type RefusedSupport,
  type SupportRefusal,
  type SupportSignals,
} from "./refused.js";
import type { Support, Supportable } from "./support.js";

const payload = z.object({ proposalId: z.string(), personId: z.string() });

/** Somebody backs a proposal from now on. */
export const supportGiven = defineEvent("support-given", payload);
/** Somebody took their support back. */
export const supportTakenBack = defineEvent("support-taken-back", payload);

export const supportsCollection = defineCollection<Support>("supports", [
  { keys: { proposalId: 1, personId: 1 }, unique: true },
  { keys: { proposalId: 1, origin: 1, at: -1 } },
  { keys: { personId: 1, at: -1 } },
  { keys: { origin: 1, at: -1 } },
]);

/** Whose support, of what. */
export interface SupportOf {
  readonly proposalId: string;
  readonly personId: string;
}

const pressing = { what: "supports", limit: 120, windowMs: 10 * 60_000 };

async function memberWhoMay(ctx: Ctx, proposal: Supportable): Promise<Member> {
  const { member } = ctx;
  if (member === null) throw new Refusal("not-signed-in");
  if (proposal.status === "withdrawn") throw new Refusal("withdrawn");
  await throttle(ctx, pressing, member._id);
  return member;
}

async function assertConsent(ctx: Ctx, proposal: Supportable, member: Member): Promise<void> {
  if (proposal.origin === "here") return;
  const person = await personById(ctx, member._id);
  if (person?.federated !== true) throw new Refusal("needs-consent");
}

/**
 * The member backs a proposal; a second press changes nothing. For a proposal of another instance
 * they must have agreed to appear on the network, else "needs-consent".
 */
export async function giveSupport(ctx: Ctx, proposal: Supportable): Promise<void> {
  const member = await memberWhoMay(ctx, proposal);
  await assertConsent(ctx, proposal, member);
  await addSupport(ctx, { proposalId: proposal._id, personId: member._id }, "here");
}

/** The member takes their support back, which needs no consent; without one nothing changes. */
export async function takeBackSupport(ctx: Ctx, proposal: Supportable): Promise<void> {
  const member = await memberWhoMay(ctx, proposal);
  await removeSupport(ctx, { proposalId: proposal._id, personId: member._id });
}

/** What the network tells of who backs a proposal. */
export interface SupportFrom extends Pick<SupportSignals, "isAutomated"> {
  /** Its server, where an admin limited that. */
  readonly limitedHost: string | null;
  /** Whose its server is, the registered domain; null where whoever comes from there is believed. */
  readonly site: string | null;
}

const believed: SupportFrom = { isAutomated: false, limitedHost: null, site: null };

/**
 * Somebody of the network backs a proposal; told twice, it counts once. One that does not count is
 * kept for moderators with its reason.
 * @returns why it does not count; null when it does
 */
export async function receiveSupport(
  ctx: Ctx,
  support: SupportOf,
  from: SupportFrom = believed,
): Promise<SupportRefusal | null> {
  const known = await refusedSupport(ctx, support);
  const why = await whyNot(ctx, { support, from, known });
  if (why !== null) {
    const host = why === "many-new" ? from.site : from.limitedHost;
    await keepRefused(ctx, support, { why, host });
    await refuseIfWithdrawn(ctx, support.proposalId);
    if (why === "automated") await removeSupport(ctx, support);
    return why;
  }
  await addSupport(ctx, support, "elsewhere");
  await dropRefused(ctx, support, "counted");
  return null;
}

/** Somebody's support as it comes, and what is remembered of it. */
interface Coming {
  readonly support: SupportOf;
  readonly from: SupportFrom;
  readonly known: RefusedSupport | null;
}

async function whyNot(ctx: Ctx, coming: Coming): Promise<SupportRefusal | null> {
  const { support, from, known } = coming;
  const { isTrusted, ...signals } = await signalsOf(ctx, coming);
  const why = judgeSupport(signals);
  if (why === "limited-host" || why === "many-new") {
    const host = why === "many-new" ? from.site : from.limitedHost;
    return known?.why === why ? why : heldOrFull(ctx, { why, host });
  }
  const { site } = from;
  if (why !== null || signals.isCounted || isTrusted || site === null) return why;
  if (await hasPlace(ctx, support, site)) return null;
  return heldOrFull(ctx, { why: "many-new", host: site });
}

/** Why a support that waited does not count now; null when it does. */
export async function judgeHeld(ctx: Ctx, support: SupportOf): Promise<SupportRefusal | null> {
  return judgeSupport(await signalsOf(ctx, { support, from: believed, known: null }));
}

async function signalsOf(
  ctx: Ctx,
  { support: { proposalId, personId }, from, known }: Coming,
): Promise<SupportSignals & { readonly isTrusted: boolean }> {
  const [proposal, row, counted] = await Promise.all([
    proposalById(ctx, proposalId),
    standingOf(ctx, personId),
    ctx.collection(supportsCollection).findOne({ proposalId, personId }),
  ]);
  if (proposal === null) throw new Refusal("not-found");
  const isTrusted = row?.standing === "trusted";
  return {
    ...{ isAutomated: from.isAutomated, isCounted: counted !== null, isTrusted },
    wasDeclined: known?.why === "declined",
    isBlocked: row?.standing === "blocked",
    isWithdrawn: proposal.status === "withdrawn",
    isOneOfMany: known?.why === "many-new" && from.site !== null && !isTrusted,
    isLimited: from.limitedHost !== null && !isTrusted,
  };
}

/**
 * Somebody of the network took their support back; without one nothing changes. A moderator who is about
 * to have it count is told first: their support is then ended here, or by them.
 */
export async function receiveSupportTakenBack(ctx: Ctx, support: SupportOf): Promise<void> {
  await dropRefused(ctx, support, "taken-back");
  await removeSupport(ctx, support);
}

/** Have a support of elsewhere count; told twice, it counts once. */
export async function addSupport(
  ctx: Ctx,
  { proposalId, personId }: SupportOf,
  origin: Support["origin"],
): Promise<void> {
  const rows = ctx.collection(supportsCollection);
  if ((await rows.findOne({ proposalId, personId })) !== null) return;
  const support = { _id: ctx.ids.next(), proposalId, personId, origin, at: ctx.clock.now() };
  try {
    await ctx.commit(supportGiven, { proposalId, personId }, async () => {
      await rows.insertOne(support);
      await countSupport(ctx, { proposalId, origin }, 1);
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/** End one support; without one nothing changes. */
export async function removeSupport(ctx: Ctx, { proposalId, personId }: SupportOf): Promise<void> {
  const rows = ctx.collection(supportsCollection);
  const support = await rows.findOne({ proposalId, personId });
  if (support === null) return;
  await ctx.commit(supportTakenBack, { proposalId, personId }, async () => {
    const { deletedCount } = await rows.deleteOne({ _id: support._id });
    if (deletedCount === 1) await countSupport(ctx, { proposalId, origin: support.origin }, -1);
  });
}

/** Which of these proposals a person backs. At most 1,000 ids. */
export async function supportedAmong(
  ctx: Ctx,
  personId: string,
  proposalIds: readonly string[],
): Promise<Set<string>> {
  if (proposalIds.length === 0) return new Set();
  const found = await ctx
    .collection(supportsCollection)
    .find(
      { personId, proposalId: { $in: proposalIds.slice(0, 1000) } },
      { projection: { proposalId: 1 } },
    )
    .toArray();
  return new Set(found.map(({ proposalId }) => proposalId));
}

/** The latest supports of elsewhere that are counted. */
export function latestElsewhere(ctx: Ctx, limit: number): Promise<Support[]> {
  return ctx
    .collection(supportsCollection)
    .find({ origin: "elsewhere" }, { sort: { at: -1 }, limit })
    .toArray();
}

/** The next 200 people who back a proposal, by id after `after`; none when all were given. */
export async function supportersOf(
  ctx: Ctx,
  proposalId: string,
  after: string | null,
): Promise<string[]> {
  const found = await ctx
    .collection(supportsCollection)
    .find(
      { proposalId, personId: { $gt: after ?? "" } },
      { sort: { personId: 1 }, limit: 200, projection: { personId: 1 } },
    )
    .toArray();
  return found.map(({ personId }) => personId);
}
