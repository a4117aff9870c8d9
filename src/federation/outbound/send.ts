import { z } from "zod";
import { defineJob, isDuplicate, type Ctx, type JobDef } from "../../kit/index.js";
import { actorUri, type LocalActor } from "../addresses.js";
import { withoutBlockers } from "../blockers.js";
import { speaking } from "../speaking.js";
import { activitiesCollection, type Activity, type Audience } from "../records.js";
import type { JsonObject } from "../remote-document.js";
import type { Vault } from "../vault.js";
import { CONTEXT, type ActivityType } from "../vocabulary.js";

/** How long an activity is kept that nobody reads or undoes later: far longer than it is retried. */
const keptMs = 30 * 24 * 3_600_000;
const passing: ReadonlySet<string> = new Set(["Update", "Accept", "Reject"]);

/** Nobody; spread it and name whom you mean. */
export const nobody: Audience = { followersOf: [], linkedOf: [], everyone: false, inboxes: [] };

/** An activity about to be made. */
export interface Draft {
  /**
   * Id of its row, where something else must know it before it is stored. What tells how something is
   * now takes it before it reads that: then a later id never tells an earlier state, whichever of two
   * processes is the slower, and the order of delivery can rest on ids.
   */
  readonly id?: string;
  /** What it tells of: the same key told again is the same activity (requirement 16). */
  readonly key: string;
  readonly actor: LocalActor;
  readonly type: ActivityType;
  /** The object, or a function of the activity's own address for what lives inside it. */
  readonly object: unknown;
  readonly objectUri: string;
  /** What else its type asks for: a `target`, a `result`, the `content` of a Flag. */
  readonly more?: JsonObject;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly audience: Audience;
  /** Nobody undoes it or reads it later: it is forgotten once it is not tried any more. */
  readonly isPassing?: true;
  /** Public, and so listed in the outbox and readable by its id. */
  readonly listed: boolean;
}

/** The activity, and the piece of its fan-out: how many are done before it. */
const piece = z.object({ activityId: z.string(), pieces: z.number().int().default(0) });

/** The job that finds some of the recipients of an activity. */
export type FanOut = JobDef<z.infer<typeof piece>>;

/** Store an activity and have it sent; told twice, it is sent once. */
export type Send = (ctx: Ctx, draft: Draft) => Promise<Activity>;

/** Bind the sender to the keys it attests with, and to the job that finds recipients. */
export function createSend(vault: Vault, fanOut: FanOut): Send {
  return async (ctx, draft) => {
    const activity = await storeOnce(ctx, draft.key, () => activityOf(vault, ctx, draft));
    await handOn(ctx, fanOut, activity);
    return activity;
  };
}

/** What is sent on; its id is taken before what it says is read. */
type Forwarded = Pick<
  Activity,
  "_id" | "key" | "uri" | "actorUri" | "type" | "objectUri" | "body" | "audience"
>;

/** Store bytes of somebody else's to be sent on as they are (ActivityPub, section 7.1.2). */
export async function forward(ctx: Ctx, fanOut: FanOut, given: Forwarded): Promise<void> {
  const at = ctx.clock.now();
  const expiresAt = new Date(at.getTime() + keptMs);
  const fresh = { listed: false, at, fannedOutAt: null, expiresAt };
  const activity = await storeOnce(ctx, given.key, () => ({ ...fresh, ...given }));
  await handOn(ctx, fanOut, activity);
}

/** Enqueue the fan-out of an activity, or what is left of it, unless it is done. */
export async function handOn(
  ctx: Ctx,
  fanOut: FanOut,
  activity: Pick<Activity, "_id" | "fannedOutAt" | "pieces">,
): Promise<void> {
  if (activity.fannedOutAt !== null) return;
  await ctx.enqueueAll(fanOut, [nextPiece(activity)]);
}

/** What is left of a fan-out lets others pass: whoever has many followers holds up nobody's first ones. */
const yieldsMs = 1_000;

/** The next piece of a fan-out; the same job however often it is asked for. */
export function nextPiece({ _id, pieces = 0 }: Pick<Activity, "_id" | "pieces">) {
  const payload = { activityId: _id, pieces };
  if (pieces === 0) return { payload, options: { id: `fan-out/${_id}` } };
  return { payload, options: { id: `fan-out/${_id}/${pieces}`, yieldsMs } };
}

/** Whether an activity was made already, by what it tells of. */
export async function wasTold(ctx: Ctx, key: string): Promise<boolean> {
  const rows = ctx.collection(activitiesCollection);
  return (await rows.findOne({ key }, { projection: { _id: 1 } })) !== null;
}

async function storeOnce(
  ctx: Ctx,
  key: string,
  make: () => Activity | Promise<Activity>,
): Promise<Activity> {
  const rows = ctx.collection(activitiesCollection);
  const known = await rows.findOne({ key });
  if (known !== null) return known;
  const activity = await make();
  try {
    await rows.insertOne(activity);
    return activity;
  } catch (error) {
    const first = isDuplicate(error) ? await rows.findOne({ key }) : null;
    if (first === null) throw error;
    return first;
  }
}

/**
 * The actor is always the one that the code names; nothing of an object can change it. Its proof is
 * made here, once, whatever the number of deliveries.
 */
async function activityOf(vault: Vault, ctx: Ctx, draft: Draft): Promise<Activity> {
  const { key, type, objectUri, listed } = draft;
  const _id = draft.id ?? ctx.ids.next();
  const uri = ctx.instance.url(`/activities/${_id}`);
  const actor = actorUri(ctx.instance, draft.actor);
  const at = ctx.clock.now();
  const audience = await audienceOf(ctx, actor, draft);
  const inside = draft.object;
  const object: unknown =
    typeof inside === "function" ? (inside as (id: string) => unknown)(_id) : inside;
  const bare = plain({
    "@context": CONTEXT,
    ...draft.more,
    id: uri,
    type,
    actor,
    published: at.toISOString(),
    ...(draft.to === undefined ? {} : { to: draft.to }),
    ...(draft.cc === undefined ? {} : { cc: draft.cc }),
    object,
  });
  const body = JSON.stringify(await vault.attest(ctx, actor, bare));
  const target = objectUri === "" ? ((object as { id?: string }).id ?? "") : objectUri;
  return {
    ...{ _id, key, uri, actorUri: actor, type, objectUri: target, listed, body, audience, at },
    fannedOutAt: null,
    expiresAt:
      passing.has(type) || draft.isPassing === true ? new Date(at.getTime() + keptMs) : null,
  };
}

/** Who blocks the actor is sent nothing directly any more but that something is gone. */
async function audienceOf(ctx: Ctx, actor: string, { type, audience }: Draft): Promise<Audience> {
  if (type === "Delete") return audience;
  return { ...audience, inboxes: await withoutBlockers(ctx, actor, audience.inboxes) };
}

/** As it will be read: no `undefined`, and no half of a surrogate pair, which no proof could cover. */
function plain(document: JsonObject): JsonObject {
  const text = JSON.stringify(document, (_name, value: unknown) =>
    typeof value === "string" ? value.toWellFormed() : value,
  );
  return JSON.parse(text) as JsonObject;
}

/** The fan-out job, given what does one piece of it. */
export function defineFanOut(run: FanOut["run"]): FanOut {
  return defineJob({
    name: "federation.fan-out",
    payload: piece,
    attempts: 12,
    runsIn: speaking,
    run,
  });
}
