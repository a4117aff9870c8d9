import { renderMarkdown } from "../../kit/text/markdown.js";
import {
  defineCollection,
  insertOnce,
  isDuplicate,
  Refusal,
  refuseField,
  throttle,
  type Ctx,
  type Member,
} from "../../kit/index.js";
import { topicsByIds } from "../topics/topics.js";
import type { Ground } from "./fault.js";
import { mayEdit, mayWithdraw, type Place, type Proposal } from "./proposal.js";
import {
  proposalByNumber,
  proposalEdited,
  proposalPublished,
  proposalsCollection,
  proposalWithdrawn,
  versionsCollection,
} from "./proposals.js";
import { analyse } from "../../kit/text/search.js";
import { warmthOf } from "./warmth.js";

/** What an author writes. */
export interface NewProposal {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly topicId: string | null;
  readonly place: Place | null;
}

interface Counter {
  readonly _id: string;
  readonly value: number;
}

/** The last number given, one row for each kind of numbered thing. */
export const countersCollection = defineCollection<Counter>("counters", []);

const perDay = { what: "proposals", limit: 10, windowMs: 24 * 3_600_000 };

function signedIn(ctx: Ctx): Member {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  return ctx.member;
}

/** The next public number. A crash may skip one; none is ever given twice. */
export function nextNumber(ctx: Ctx): Promise<number> {
  return nextNumbers(ctx, 1);
}

/** The first of `count` public numbers in a row. */
export async function nextNumbers(ctx: Ctx, count: number): Promise<number> {
  const _id = `${ctx.instance._id}/proposals`;
  const take = () =>
    ctx
      .collection(countersCollection)
      .findOneAndUpdate(
        { _id },
        { $inc: { value: count } },
        { upsert: true, returnDocument: "after" },
      );
  const counter = await take().catch((error: unknown) => {
    if (isDuplicate(error)) return take();
    throw error;
  });
  if (counter === null) throw new Error("No number was given.");
  return counter.value - count + 1;
}

async function assertTopic(ctx: Ctx, topicId: string | null): Promise<void> {
  if (topicId === null) return;
  const known = await topicsByIds(ctx, [topicId]);
  if (!known.has(topicId)) throw refuseField("invalid-form", "topicId", "refusals.not-understood");
}

/** What follows from what an author wrote: the fields that publishing and editing share. */
export function writtenFields({ title, body, topicId, place }: NewProposal) {
  return {
    title,
    body,
    html: renderMarkdown(body),
    topicId,
    place,
    terms: analyse({ title, body }),
  };
}

/** What every proposal begins with. */
export function untouchedFields(publishedAt: Date) {
  return {
    counts: { supportsHere: 0, supportsElsewhere: 0, supportsBefore: 0, supports: 0, comments: 0 },
    warmth: warmthOf([publishedAt]),
    publishedAt,
    editedAt: null,
    movedAt: publishedAt,
    withdrawnAt: null,
    version: 1,
    importKey: null,
  };
}

/** Publish a member's proposal under the next number. At most ten a day for each member. */
export async function publishProposal(ctx: Ctx, input: NewProposal): Promise<Proposal> {
  const member = signedIn(ctx);
  await assertTopic(ctx, input.topicId);
  await throttle(ctx, perDay, member._id);
  const number = await nextNumber(ctx);
  const proposal: Proposal = {
    ...writtenFields(input),
    ...untouchedFields(ctx.clock.now()),
    _id: ctx.ids.next(),
    number,
    uri: ctx.instance.url(`/proposals/${number}`),
    origin: "here",
    authorId: member._id,
    elsewhere: null,
    status: "open",
  };
  await ctx.commit(proposalPublished, { proposalId: proposal._id }, () =>
    ctx.collection(proposalsCollection).insertOne(proposal),
  );
  return proposal;
}

/**
 * A proposal that the member may change (its author alone), or take back (moderators, too). Refuses:
 * not found, not theirs.
 */
export async function proposalToChange(
  ctx: Ctx,
  number: number,
  may: typeof mayEdit = mayEdit,
): Promise<Proposal> {
  const member = signedIn(ctx);
  const proposal = await proposalByNumber(ctx, number);
  if (proposal === null) throw new Refusal("not-found");
  if (!may(member, proposal)) throw new Refusal("not-allowed");
  return proposal;
}

/**
 * Change a proposal; how it read before is kept. `version` is the one the author started from: when
 * somebody was faster, nothing is written and "changed-meanwhile" is refused beside the text.
 */
export async function editProposal(
  ctx: Ctx,
  number: number,
  input: NewProposal & { readonly version: number },
): Promise<Proposal> {
  const before = await proposalToChange(ctx, number);
  if (before.status === "withdrawn") throw new Refusal("withdrawn");
  if (before.version !== input.version) throw refuseField("changed-meanwhile", "body");
  await assertTopic(ctx, input.topicId);
  return ctx.commit(proposalEdited, { proposalId: before._id }, async () => {
    await insertOnce(() => keepVersion(ctx, before));
    const after = await ctx
      .collection(proposalsCollection)
      .findOneAndUpdate(
        { _id: before._id, version: before.version, status: { $ne: "withdrawn" } },
        { $set: { ...writtenFields(input), editedAt: ctx.clock.now() }, $inc: { version: 1 } },
        { returnDocument: "after" },
      );
    if (after === null) throw refuseField("changed-meanwhile", "body");
    return after;
  });
}

function keepVersion(ctx: Ctx, { _id, version, title, body }: Proposal) {
  return ctx.collection(versionsCollection).insertOne({
    ...{ _id: `${_id}/${version}`, proposalId: _id, version, title, body },
    replacedAt: ctx.clock.now(),
  });
}

/**
 * Take a proposal back. Its page stays readable; withdrawing twice changes nothing. A moderator who
 * takes it from its author says why, in the same write; without a ground "invalid-form" is refused.
 */
export async function withdrawProposal(
  ctx: Ctx,
  number: number,
  ground: Ground | null = null,
): Promise<Proposal> {
  const before = await proposalToChange(ctx, number, mayWithdraw);
  if (before.status === "withdrawn") return before;
  const isOwn = mayEdit(ctx.member, before);
  if (!isOwn && ground === null) throw refuseField("invalid-form", "why", "refusals.required");
  const takenDown = isOwn || ground === null ? {} : { takenDown: ground };
  const now = ctx.clock.now();
  const event = { proposalId: before._id, by: signedIn(ctx)._id };
  const after = await ctx.commit(proposalWithdrawn, event, () =>
    ctx
      .collection(proposalsCollection)
      .findOneAndUpdate(
        { _id: before._id, status: { $ne: "withdrawn" } },
        { $set: { status: "withdrawn", withdrawnAt: now, movedAt: now, ...takenDown } },
        { returnDocument: "after" },
      ),
  );
  return after ?? before;
}
