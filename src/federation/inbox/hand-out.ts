import { LRUCache } from "lru-cache";
import { z } from "zod";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import type { Process } from "../inbound/process.js";
import { yieldsMsAt } from "../patience.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import type { Hand } from "./keep.js";

/** The job that gives every entry that waits a job of its own. */
export type HandOut = JobDef<Record<string, never>>;

const batch = 500;

/**
 * The first of what is under way together wait for nobody; those after them let others pass, ever longer:
 * a proposal that thousands like holds up nothing that another city is told, be it at once or in a steady flood.
 */
const prompt = 20;
/** What came before this is not under way any more: it waits for another server, or failed. */
const underWayMs = 60_000;

/**
 * Give each waiting entry its job, many in one write. Jobs have their entry's id (and how often it
 * came again, where that has an effect), so that a run that
 * dies between the two writes, or two runs at once, make none twice.
 */
export function createHandOut(process: Process): HandOut {
  return defineJob({
    name: "federation.hand-out",
    payload: z.object({}),
    async run(ctx) {
      const rows = ctx.collection(inboxCollection);
      for (let given = await underWay(ctx); ; given += batch) {
        const waiting = await rows
          .find(
            { state: "waiting" },
            { sort: { receivedAt: 1 }, limit: batch, projection: { again: 1, request: 1 } },
          )
          .toArray();
        if (waiting.length === 0) return;
        await ctx.enqueueAll(
          process,
          waiting.map(({ _id, again, request }, at) => ({
            payload: { entryId: _id },
            request,
            options: {
              id: again === undefined ? `inbox/${_id}` : `inbox/${_id}/${again}`,
              yieldsMs: yieldsMsAt(given + at, prompt),
            },
          })),
        );
        await noteHanded(ctx, waiting);
        if (waiting.length < batch) return;
      }
    },
  });
}

/** How many entries of the city came lately, were handed out and are not acted on yet; counted up to one batch. */
function underWay(ctx: Ctx): Promise<number> {
  const since = new Date(ctx.clock.now().getTime() - underWayMs);
  return ctx
    .collection(inboxCollection)
    .countDocuments({ state: "handed", receivedAt: { $gte: since } }, { limit: batch });
}

/** What came again since it was read waits on: its job of then may be past reading it. */
async function noteHanded(
  ctx: Ctx,
  handed: ReadonlyArray<Pick<InboxEntry, "_id" | "again">>,
): Promise<void> {
  const rows = ctx.collection(inboxCollection);
  const once = handed.flatMap(({ _id, again }) => (again === undefined ? [_id] : []));
  await rows.updateMany(
    { _id: { $in: once }, state: "waiting", again: { $exists: false } },
    { $set: { state: "handed" } },
  );
  for (const { _id, again } of handed) {
    if (again === undefined) continue;
    await rows.updateOne({ _id, state: "waiting", again }, { $set: { state: "handed" } });
  }
}

interface Span {
  readonly number: number;
  readonly stored: Promise<void>;
}

/**
 * Have the entries handed out at the end of a short span of time: one job for all that come in it,
 * instead of one write more for each. It is asked for after the entry is stored, and runs after the
 * span has ended, so that it sees the entry. A span of 0 hands out at once.
 */
export function createHand(handOut: HandOut, spanMs: number): Hand {
  const spans = new LRUCache<string, Span>({ max: 5_000 });
  return (ctx: Ctx) => {
    if (spanMs === 0) return ctx.enqueue(handOut, {});
    const now = ctx.clock.now().getTime();
    const number = Math.floor(now / spanMs);
    const known = spans.get(ctx.instance._id);
    if (known?.number === number) return known.stored;
    const id = `hand-out/${ctx.instance._id}/${number}`;
    const stored = ctx.enqueue(handOut, {}, { id, delayMs: (number + 1) * spanMs - now });
    spans.set(ctx.instance._id, { number, stored });
    return stored;
  };
}
