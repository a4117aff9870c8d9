import { z } from "zod";
import { createBudget, FetchRefused } from "../../drivers/fetch.js";
import { defineJob, Refusal, type Ctx, type JobDef } from "../../kit/index.js";
import { guard, HostileDocument } from "../inbox/guard.js";
import { reduced } from "../inbox/shape.js";
import type { Carry } from "../moves/carry.js";
import { move } from "../moves/move.js";
import type { Send } from "../outbound/send.js";
import { mayTalk } from "../policy/policy.js";
import { inboxCollection, type InboxEntry } from "../records.js";
import { quoteRequest } from "../quotes/request.js";
import type { RevokeQuotes } from "../quotes/revoke.js";
import { NotAnActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { blockIn } from "./block.js";
import { flagIn } from "./flag.js";
import { accept, follow, reject } from "./follow.js";
import type { CatchUp, Handle, Inbound, Outcome } from "./inbound.js";
import { takeForwarded, takeProven } from "./forwarded.js";
import { forgetUndone, unlessDeleted } from "./deleted.js";
import { create, eraseActor, remove, update } from "./objects.js";
import { announce, like, undo, undoById } from "./reactions.js";

/** Fetches that one activity may cause (requirement 14). */
export const fetchesPerActivity = 20;

const recorded: Handle = () => Promise.resolve("recorded");

const handlers: Readonly<Record<string, Handle>> = {
  Follow: follow,
  Accept: accept,
  Reject: reject,
  Like: like,
  Announce: announce,
  Undo: undo,
  Create: create,
  Update: update,
  Delete: remove,
  Move: move,
  Flag: flagIn,
  Block: blockIn,
  QuoteRequest: quoteRequest,
  Add: recorded,
  Remove: recorded,
};

/** The job that acts on a verified activity. */
export type Process = JobDef<{ entryId: string }>;

/** What acting on activities needs. */
export interface ProcessParts {
  readonly services: Services;
  readonly send: Send;
  readonly catchUp: CatchUp;
  readonly revokeQuotes: RevokeQuotes;
  readonly carry: Carry;
}

/**
 * Act on an entry of the inbox. It may run twice or die half-way: every handler ends in a use case
 * that is idempotent, and the entry says `done` only when all of it is (requirement 15).
 */
export function createProcess(parts: ProcessParts): Process {
  return defineJob({
    name: "federation.inbox",
    queue: "incoming",
    payload: z.object({ entryId: z.string() }),
    async run(ctx, { entryId }, { number, of }) {
      const rows = ctx.collection(inboxCollection);
      const entry = await rows.findOne({ _id: entryId });
      if (entry === null || entry.state === "done" || entry.state === "refused") return;
      const { state, outcome } = await act(parts, ctx, entry, number < of);
      // One that came again meanwhile is acted on again.
      const again = entry.again ?? { $exists: false };
      await rows.updateOne({ _id: entryId, again }, { $set: { state, outcome } });
    },
  });
}

type End = Pick<InboxEntry, "state"> & { readonly outcome: Outcome };

/** Run the handler; what is wrong for good ends the entry, what may pass is thrown to be retried. */
async function act(
  parts: ProcessParts,
  ctx: Ctx,
  entry: InboxEntry,
  mayRetry: boolean,
): Promise<End> {
  try {
    return { state: "done", outcome: await handle(parts, ctx, entry) };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null || (reason.isPassing && mayRetry)) throw error;
    return { state: "refused", outcome: reason.text };
  }
}

function reasonOf(error: unknown): { text: string; isPassing: boolean } | null {
  if (error instanceof FetchRefused) return { text: error.code, isPassing: error.isPassing };
  if (error instanceof Refusal) return { text: error.code, isPassing: error.status === 503 };
  if (error instanceof NotAnActor) return { text: "not an actor", isPassing: false };
  if (error instanceof HostileDocument) return { text: error.message, isPassing: false };
  return null;
}

/** Somebody may have been blocked between the door and here. */
async function refuseUnwanted({ services }: ProcessParts, ctx: Ctx, entry: InboxEntry) {
  const standing = await services.policy.standing(ctx, [entry.actorUri]);
  if (!mayTalk(standing)) throw new HostileDocument(standing);
}

async function handle(parts: ProcessParts, ctx: Ctx, entry: InboxEntry): Promise<Outcome> {
  await refuseUnwanted(parts, ctx, entry);
  const guarded = guard(entry.body);
  const body = reduced(guarded.body, entry.type) as Readonly<Record<string, unknown>>;
  const inbound: Inbound = {
    ...parts,
    ctx,
    entry,
    actor: entry.actorUri,
    activity: await parts.services.normal.of({ ...guarded, body }),
    budget: createBudget(fetchesPerActivity),
  };
  if (leaving.has(entry.type)) return effectOf(inbound);
  // An activity may have been undone; whoever sent it may have left (requirement 25).
  const owned = { uri: entry.activityUri, by: entry.actorUri };
  if (entry.again !== undefined) await forgetUndone(inbound, owned);
  return unlessDeleted(ctx, owned, {
    act: () => effectOf(inbound),
    takeBack: async ({ uri }) => {
      await undoById(inbound);
      if (uri === entry.actorUri) await eraseActor(inbound);
    },
  });
}

/** Types that only take away: they count also of whoever has left. */
const leaving: ReadonlySet<string> = new Set(["Delete", "Undo"]);

function effectOf(inbound: Inbound): Promise<Outcome> {
  const { entry } = inbound;
  if (entry.trust === "forwarded") return takeForwarded(inbound);
  if (entry.trust === "proven") return takeProven(inbound);
  const handler = Object.hasOwn(handlers, entry.type) ? handlers[entry.type] : undefined;
  return handler === undefined ? Promise.resolve("not a type we know") : handler(inbound);
}
