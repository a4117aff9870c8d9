import { defineCollection, insertOnce, type Ctx } from "../../kit/index.js";

/**
 * Who administrates an instance, in one row: whether somebody still has the role and takes it from
 * somebody else is then a single write, and the last one can never be taken away.
 */
interface Administrators {
  /** The instance. */
  readonly _id: string;
  readonly members: readonly string[];
}

export const administratorsCollection = defineCollection<Administrators>("administrators", []);

/** Whether somebody is an administrator now. */
export async function isAdministrator(ctx: Ctx, memberId: string): Promise<boolean> {
  const row = await ctx
    .collection(administratorsCollection)
    .findOne({ _id: ctx.instance._id, members: memberId });
  return row !== null;
}

/** All administrators, by member id. */
export async function administratorsOf(ctx: Ctx): Promise<ReadonlySet<string>> {
  const row = await ctx.collection(administratorsCollection).findOne({ _id: ctx.instance._id });
  return new Set(row?.members);
}

/** Make somebody an administrator by hand (set-up, command line). */
export async function appoint(ctx: Ctx, memberId: string): Promise<void> {
  const rows = ctx.collection(administratorsCollection);
  const { _id } = ctx.instance;
  await insertOnce(() => rows.insertOne({ _id, members: [] }));
  await rows.updateOne({ _id }, { $addToSet: { members: memberId } });
}

/** Undo an appointment of somebody who never came to be a member. */
export async function forgetAppointment(ctx: Ctx, memberId: string): Promise<void> {
  await ctx
    .collection(administratorsCollection)
    .updateOne({ _id: ctx.instance._id }, { $pull: { members: memberId } });
}

/** Begin anew, on an instance that is not open yet. */
export async function forgetAdministrators(ctx: Ctx): Promise<void> {
  await ctx.collection(administratorsCollection).deleteOne({ _id: ctx.instance._id });
}

/**
 * Give somebody else the role, or take it from them, as one who has it at that very moment. False
 * when that is no longer so: whoever else was faster stays, and nobody is left without administrators.
 */
export async function setAdministrator(
  ctx: Ctx,
  memberId: string,
  { by, isOne }: { readonly by: string; readonly isOne: boolean },
): Promise<boolean> {
  const members = memberId;
  const { matchedCount } = await ctx
    .collection(administratorsCollection)
    .updateOne(
      { _id: ctx.instance._id, members: by },
      isOne ? { $addToSet: { members } } : { $pull: { members } },
    );
  return matchedCount > 0;
}
