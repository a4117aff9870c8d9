import { z } from "zod";
import { utcDayOf } from "../drivers/clock.js";
import type { Ctx } from "./context.js";
import type { InstanceRecord } from "./instance.js";
import { defineCollection, insertOnce } from "./records.js";
import { Refusal } from "./refusal.js";
import { defineEvent } from "./work.js";

/** What an instance may use; null: as much as it likes. */
export interface Limits {
  /** Bytes of pictures that are kept. */
  readonly storage: number | null;
  /** Mails in a day (UTC). */
  readonly mails: number | null;
  /** Members whose address is confirmed. */
  readonly members: number | null;
}

/** As much of everything as it likes. */
export const noLimits: Limits = { storage: null, mails: null, members: null };

/** What is limited. */
export type Limited = keyof Limits;

export const limitedThings = ["storage", "mails", "members"] as const satisfies readonly Limited[];

/** Which limits of an instance become others; `default` gives one back that of the deployment. */
export type LimitChanges = { readonly [What in Limited]?: number | null | "default" };

/** An instance's own limits in place of those of the deployment. */
export function limitsOf({ limits }: Pick<InstanceRecord, "limits">, defaults: Limits): Limits {
  return { ...defaults, ...limits };
}

/** How much of one thing an instance uses: one row, whatever it holds. */
interface Usage {
  /** Instance and thing; of mails the day, too. */
  readonly _id: string;
  readonly count: number;
  /** The limit that administrators were warned of, and how near: as `5/near`. */
  readonly warnedOf?: string | null;
  readonly expiresAt: Date | null;
}

export const usagesCollection = defineCollection<Usage>("usages", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** How near an instance has come to a limit of its own. */
export const nearnessSchema = z.object({
  what: z.enum(limitedThings),
  /** How much was used then, and of how much. */
  used: z.number(),
  limit: z.number(),
  /** The day (UTC), as `2026-11-28`. */
  on: z.iso.date(),
});

/** Where `used` stands; of mails none is met, since a letter that says so could only leave once it is not. */
export function nearnessOf({ what, used, limit }: Omit<z.infer<typeof nearnessSchema>, "on">) {
  return used >= limit && what !== "mails" ? "full" : "near";
}

/** An instance comes near a limit, and meets it: each is told once for each limit, of mails once a day. */
export const limitNear = defineEvent("limit-near", nearnessSchema.extend({ stamp: z.string() }));

/** Some limits of an instance became others: it may be near one that is lower than what it uses. */
export const limitsChanged = defineEvent("limits-changed", z.object({}));

/** Administrators are warned when this share of a limit is used. */
const nearShare = 0.8;
const dayMs = 24 * 3_600_000;

interface UsageRow extends Pick<Usage, "_id" | "expiresAt"> {
  /** The day on which it was looked for. */
  readonly on: string;
}

function rowOf(ctx: Ctx, what: Limited): UsageRow {
  const _id = `${ctx.instance._id}/${what}`;
  const day = Math.floor(ctx.clock.now().getTime() / dayMs);
  const on = utcDayOf(new Date(day * dayMs));
  if (what !== "mails") return { _id, expiresAt: null, on };
  return { _id: `${_id}/${on}`, expiresAt: new Date((day + 3) * dayMs), on };
}

/**
 * Take so much of a thing, unless that passes `most` (its limit unless told): one write decides, so
 * that however many take at once, together they never have more.
 * @returns whether it was taken
 */
export async function takeOf(
  ctx: Ctx,
  what: Limited,
  { amount = 1, most = ctx.limits[what] }: { amount?: number; most?: number | null } = {},
): Promise<boolean> {
  const rows = ctx.collection(usagesCollection);
  const { _id, expiresAt } = rowOf(ctx, what);
  const take = () =>
    rows.findOneAndUpdate(
      { _id, ...(most === null ? {} : { count: { $lte: most - amount } }) },
      { $inc: { count: amount } },
      { returnDocument: "after" },
    );
  for (;;) {
    const taken = await take();
    if (taken !== null) {
      await warnIfNear(ctx, what, taken);
      return true;
    }
    // Somebody else may have made the row, or given back, since: only the row itself says that it is full.
    const row = await rows.findOne({ _id });
    if (row !== null && most !== null && row.count > most - amount) {
      await warnIfNear(ctx, what, row);
      return false;
    }
    if (row === null) await insertOnce(() => rows.insertOne({ _id, count: 0, expiresAt }));
  }
}

/** Give back what was taken and is not used, or no longer. */
export async function giveBack(ctx: Ctx, what: Limited, amount = 1): Promise<void> {
  const rows = ctx.collection(usagesCollection);
  const { _id } = rowOf(ctx, what);
  const left = await rows.findOneAndUpdate(
    { _id, count: { $gte: amount } },
    { $inc: { count: -amount } },
    { returnDocument: "after" },
  );
  if (left !== null && what !== "mails") await forgetIfFar(ctx, what, left);
}

/** Whoever is far from a limit is warned of it anew when they come near it again. */
async function forgetIfFar(ctx: Ctx, what: Limited, row: Usage): Promise<void> {
  const { _id, count, warnedOf = null } = row;
  const limit = ctx.limits[what];
  if (warnedOf === null || (limit !== null && count >= limit * nearShare)) return;
  await ctx.collection(usagesCollection).updateOne({ _id, count }, { $set: { warnedOf: null } });
}

/** Told of each limit once that it is near, be it come near to or set so low, and once that it is met. */
async function warnIfNear(ctx: Ctx, what: Limited, row: Usage): Promise<void> {
  const { _id, count: used, warnedOf = null } = row;
  const limit = ctx.limits[what];
  if (limit === null || used < limit * nearShare) return;
  // Where no mail may be sent no warning of it would arrive, and one would wait for each day.
  if (what === "mails" && limit === 0) return;
  const now = `${limit}/${nearnessOf({ what, used, limit })}`;
  // Who heard that it is met needs not hear that it is near.
  const enough = [now, `${limit}/full`];
  if (warnedOf !== null && enough.includes(warnedOf)) return;
  const { on } = rowOf(ctx, what);
  const stamp = `${_id}/${now}`;
  try {
    await ctx.commit(limitNear, { what, used, limit, on, stamp }, async () => {
      const { matchedCount } = await ctx
        .collection(usagesCollection)
        .updateOne({ _id, warnedOf: { $nin: enough } }, { $set: { warnedOf: now } });
      if (matchedCount === 0) throw new Refusal("changed-meanwhile");
    });
  } catch (error) {
    // Somebody else was the first to come near it.
    if (!(error instanceof Refusal)) throw error;
  }
}

/** The rows of what is used now, of mails today; of what never was used there is none. */
async function usages(ctx: Ctx): Promise<ReadonlyMap<Limited, Usage>> {
  const things = new Map(limitedThings.map((what) => [rowOf(ctx, what)._id, what]));
  const rows = await ctx
    .collection(usagesCollection)
    .find({ _id: { $in: [...things.keys()] } }, { limit: things.size })
    .toArray();
  return new Map(
    rows.flatMap((row) => {
      const what = things.get(row._id);
      return what === undefined ? [] : [[what, row] as const];
    }),
  );
}

/** How much of each thing is used now, of mails today: three rows. */
export async function usageOf(ctx: Ctx): Promise<Readonly<Record<Limited, number>>> {
  const rows = await usages(ctx);
  const of = (what: Limited): number => rows.get(what)?.count ?? 0;
  return { storage: of("storage"), mails: of("mails"), members: of("members") };
}

/** Warn of the limits that what is used already comes near, once they are others than they were; of wide ones forget it. */
export async function warnOfUsed(ctx: Ctx): Promise<void> {
  for (const [what, row] of await usages(ctx)) {
    await forgetIfFar(ctx, what, row);
    await warnIfNear(ctx, what, row);
  }
}

/** Whether nothing is left of a thing; asked before anybody does work for it. */
export async function isUsedUp(ctx: Ctx, what: Limited): Promise<boolean> {
  const limit = ctx.limits[what];
  if (limit === null) return false;
  const row = await ctx.collection(usagesCollection).findOne({ _id: rowOf(ctx, what)._id });
  const isFull = (row?.count ?? 0) >= limit;
  if (isFull && row !== null) await warnIfNear(ctx, what, row);
  return isFull;
}

/**
 * Set a figure right that a crash between two writes has left wrong. What is taken or given back
 * while it is counted has its way, and the next recount comes.
 */
export async function recountUsage(
  ctx: Ctx,
  what: Limited,
  count: () => Promise<number>,
): Promise<void> {
  const rows = ctx.collection(usagesCollection);
  const { _id } = rowOf(ctx, what);
  const before = await rows.findOne({ _id });
  const found = await count();
  if (before === null || before.count === found) return;
  await rows.updateOne({ _id, count: before.count }, { $set: { count: found } });
}

/** Of the mails of a day, a tenth is kept for those that somebody waits for, such as to sign in. */
export function mailsForNews({ limits: { mails } }: Ctx): number | null {
  return mails === null ? null : mails - Math.ceil(mails / 10);
}

/** Until the next day begins, spread over its first half hour. */
export function msUntilTomorrow({ clock }: Ctx): number {
  return dayMs - (clock.now().getTime() % dayMs) + Math.round(Math.random() * 1_800_000);
}
