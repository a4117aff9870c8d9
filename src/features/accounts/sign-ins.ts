import { utcDayOf } from "../../drivers/clock.js";
import { defineCollection, type Ctx } from "../../kit/index.js";

/** On which day somebody signed in last, of the whole instance: whether it is used, and not who uses it. */
interface SignIns {
  /** The instance. */
  readonly _id: string;
  readonly day: Date;
}

export const signInsCollection = defineCollection<SignIns>("signIns", []);

/** Somebody has signed in. */
export async function noteSignIn(ctx: Ctx): Promise<void> {
  const day = new Date(utcDayOf(ctx.clock.now()));
  const { _id } = ctx.instance;
  await ctx.collection(signInsCollection).updateOne({ _id }, { $max: { day } }, { upsert: true });
}

/** The day on which somebody signed in last (UTC); null when nobody ever did. */
export async function lastSignInDay(ctx: Ctx): Promise<Date | null> {
  const row = await ctx.collection(signInsCollection).findOne({ _id: ctx.instance._id });
  return row?.day ?? null;
}
