import { z } from "zod";
import type { Comment } from "../../features/comments/comment.js";
import { commentById } from "../../features/comments/comments.js";
import { proposalById } from "../../features/proposals/proposals.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import { actorUri, hostOf } from "../addresses.js";
import { isNumbered } from "../documents/gather.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import type { Services } from "../services.js";
import { audienceOf, proposalActor } from "./proposals.js";
import { forward, type FanOut } from "./send.js";
import { spanOf } from "./span.js";

/** Forward the last wording of a comment at the end of each span of time in which it was edited. */
export type ForwardEdit = JobDef<{ commentId: string; span: number }>;

type Forwarded = "Create" | "Update" | "Delete";

/** What forwarding needs. */
interface Forwarding {
  readonly services: Services;
  readonly fanOut: FanOut;
  readonly forwardEdit: ForwardEdit;
}

/** The job that forwards edits. */
export function createForwardEdit(fanOut: FanOut): ForwardEdit {
  return defineJob({
    name: "federation.forward-edit",
    payload: z.object({ commentId: z.string(), span: z.number() }),
    async run(ctx, { commentId }) {
      const comment = await commentById(ctx, commentId);
      if (comment?.state === "shown") await forwardComment(fanOut, ctx, comment, "Update");
    },
  });
}

/**
 * Forward what came from elsewhere, byte for byte, to those who follow its proposal (ActivityPub,
 * section 7.1.2). What was edited, be it while it waited for a moderator, goes out with its first and
 * its last wording, whichever of the two is heeded first. However often its author edits it, one
 * wording goes out per span.
 */
export async function forwardAll(
  { services, fanOut, forwardEdit }: Forwarding,
  ctx: Ctx,
  comment: Comment,
  type: Forwarded,
): Promise<void> {
  if (type === "Delete") return forwardComment(fanOut, ctx, comment, type);
  await forwardComment(fanOut, ctx, comment, "Create");
  if (type === "Update") return forwardSoon(services, forwardEdit, ctx, comment._id);
  if (comment.editedAt !== null) await forwardComment(fanOut, ctx, comment, "Update");
}

async function forwardSoon(
  services: Services,
  forwardEdit: ForwardEdit,
  ctx: Ctx,
  commentId: string,
): Promise<void> {
  const { span, delayMs } = spanOf(services, ctx);
  const id = `forward/${commentId}/${span}`;
  await ctx.enqueue(forwardEdit, { commentId, span }, { id, delayMs });
}

/**
 * Only what we received and verified ourselves, only under our own proposals, each once: its first
 * Create, its last Update, its Delete.
 */
async function forwardComment(
  fanOut: FanOut,
  ctx: Ctx,
  comment: Comment,
  type: Forwarded,
): Promise<void> {
  const proposal = await proposalById(ctx, comment.proposalId);
  if (!isNumbered(proposal)) return;
  const id = ctx.ids.next();
  const entry = await entryAbout(ctx, comment.uri, type);
  if (entry === null || hostOf(entry.activityUri) === hostOf(ctx.instance.origin)) return;
  await forward(ctx, fanOut, {
    _id: id,
    ...{ key: `forward/${entry._id}`, uri: entry.activityUri, type, objectUri: comment.uri },
    actorUri: actorUri(ctx.instance, proposalActor(proposal)),
    body: entry.body,
    audience: audienceOf(ctx, proposal),
  });
}

/** So many of the latest edits may have come in another order than they were made. */
const mostOutOfOrder = 20;

/** The first Create that came, the Delete, or the Update with the last wording. */
async function entryAbout(ctx: Ctx, uri: string, type: Forwarded): Promise<InboxEntry | null> {
  const order = type === "Create" ? 1 : -1;
  const found = await ctx
    .collection(inboxCollection)
    .find(
      { about: uri, type, trust: { $in: ["signed", "proven"] } },
      {
        sort: { about: order, type: order, receivedAt: order },
        limit: type === "Update" ? mostOutOfOrder : 1,
      },
    )
    .toArray();
  const saidAt = (entry: InboxEntry): number => entry.saidAt?.getTime() ?? 0;
  return found.reduce<InboxEntry | null>(
    (last, one) => (last === null || saidAt(one) > saidAt(last) ? one : last),
    null,
  );
}
