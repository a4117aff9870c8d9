import type { Row, Store } from "./collection.js";
import { bringBackDeployment, keptDeployment, type KeptDeployment } from "./deployment-id.js";

/** What is being copied into a store and has not ended. */
export interface Unfinished extends Row {
  readonly by: "restore" | "move-store";
  /** Where it comes from, without credentials. */
  readonly from: string;
}

/** That a store is being copied away, to be given up. */
interface Leaving extends Row {
  /** Where it goes, without credentials. */
  readonly to: string;
  /** Which deployment it is, to which the move's last step puts an end; absent: none yet. */
  readonly deployment?: KeptDeployment;
}

/** That a store was moved away: what it holds is what was there then. */
interface Left extends Row {
  /** Where it went, without credentials. */
  readonly to: string;
}

/** The collection of the rows that say so, one of each kind at most. */
export const unfinishedName = "unfinished_copy";

/** How many copies into a store have begun: it stays where they end, and what they empty. */
interface Begun extends Row {
  readonly count: number;
}

const theOne = "copy";
const begun = "begun";
const away = "leaving";
const gone = "moved";

/** What such a row says: the store holds half a copy, is being moved away, or was. */
export type Mark = typeof theOne | typeof away | typeof gone;

/** Half a copy, or a store that is being or was moved away, is neither served nor changed. */
export class CopyUnderWay extends Error {
  override readonly name = "CopyUnderWay";
}

/** The copy into this store that has not ended, dead or alive; null when there is none. */
export async function unfinishedCopy(store: Store): Promise<Unfinished | null> {
  return store.collection<Unfinished>(unfinishedName).findOne({ _id: theOne });
}

/**
 * Write down, before the first row, that a copy begins; again when it goes on. It is marked before it is counted:
 * whoever reads the count first and looks for the mark then overlooks none.
 */
export async function beginCopy(store: Store, copy: Omit<Unfinished, "_id">): Promise<void> {
  const upsert = true;
  await store
    .collection<Unfinished>(unfinishedName)
    .updateOne({ _id: theOne }, { $set: copy }, { upsert });
  await store
    .collection<Begun>(unfinishedName)
    .updateOne({ _id: begun }, { $inc: { count: 1 } }, { upsert });
}

/** How many copies into this store ever began, ended or not. */
export async function copiesBegun(store: Store): Promise<number> {
  return (await store.collection<Begun>(unfinishedName).findOne({ _id: begun }))?.count ?? 0;
}

/**
 * Throws `CopyUnderWay`, in words for the operator, when more copies than these have begun, or one has not ended:
 * what was read since may be of two deployments.
 */
export async function refuseCopySince(store: Store, before: number): Promise<void> {
  await refuseMarked(store, [theOne]);
  if ((await copiesBegun(store)) === before) return;
  throw new CopyUnderWay(
    "a restore or a move went into the store while it was read: take the backup again",
  );
}

/** Write down, after everything was compared, that the copy is whole. */
export async function endCopy(store: Store): Promise<void> {
  await store.collection<Unfinished>(unfinishedName).deleteOne({ _id: theOne });
}

/** Where a store is being moved, by a move that goes on or was killed; null when it stays. */
export async function leavingFor(store: Store): Promise<string | null> {
  return (await store.collection<Leaving>(unfinishedName).findOne({ _id: away }))?.to ?? null;
}

/**
 * Write down that a store is being moved: nobody begins to work with it from now on. Which deployment it
 * is is kept as well, from the first time on: by the second the target may be it already.
 */
export async function beginLeaving(store: Store, to: string): Promise<void> {
  const deployment = await keptDeployment(store);
  await store
    .collection<Leaving>(unfinishedName)
    .updateOne(
      { _id: away },
      { $set: { to, ...(deployment === null ? {} : { deployment }) } },
      { upsert: true },
    );
}

/** Let a store that is being moved stay, as the deployment that it was; nothing where it is not moved. */
export async function takeBackLeaving(store: Store): Promise<void> {
  const marks = store.collection<Leaving>(unfinishedName);
  const found = await marks.findOne({ _id: away });
  if (found === null) return;
  if (found.deployment !== undefined) await bringBackDeployment(store, found.deployment);
  // A move that was killed at its end may have left both.
  await marks.deleteMany({ _id: { $in: [away, gone] } });
}

/** Write down that a store is not being moved any more; which deployment it is stays as it is. */
export async function endLeaving(store: Store): Promise<void> {
  await store.collection<Leaving>(unfinishedName).deleteOne({ _id: away });
}

/** Write down that everything in a store is elsewhere by now: nobody works with what it still holds. */
export async function markMoved(store: Store, to: string): Promise<void> {
  await store
    .collection<Left>(unfinishedName)
    .updateOne({ _id: gone }, { $set: { to } }, { upsert: true });
}

/** Where a store was moved to; null when it was not, or is to be served all the same. */
export async function movedTo(store: Store): Promise<string | null> {
  return (await store.collection<Left>(unfinishedName).findOne({ _id: gone }))?.to ?? null;
}

/** Let a store that was moved away be served again, with what it holds now. */
export async function forgetMoved(store: Store): Promise<void> {
  await store.collection<Left>(unfinishedName).deleteOne({ _id: gone });
}

const words: Readonly<Record<Mark, (found: Partial<Unfinished & Left>) => string>> = {
  [theOne]: ({ by, from }) =>
    `the store holds a copy that did not end (${by} from ${from}): run that command again`,
  [away]: ({ to }) =>
    `the store is being moved to ${to}: let that move-store end, run it again if it was killed, or take it back with move-store --take-back`,
  [gone]: ({ to }) =>
    `the store was moved to ${to}: let MONGODB_URL or DATA_DIR lead there, or let this one be served again with move-store --take-back`,
};

/** Throws `CopyUnderWay`, in words for the operator, when a store has one of these marks: any, unless told otherwise. */
export async function refuseMarked(
  store: Store,
  marks: readonly Mark[] = [theOne, away, gone],
): Promise<void> {
  const rows = store.collection<Row & { readonly _id: Mark }>(unfinishedName);
  const [found] = await rows
    .find({ _id: { $in: marks } }, { sort: { _id: 1 }, limit: 1 })
    .toArray();
  if (found !== undefined) throw new CopyUnderWay(words[found._id](found));
}
