import type { Row, Store } from "./collection.js";

/** What is being copied into a store and has not ended. */
export interface Unfinished extends Row {
  readonly by: "restore" | "move-store";
  /** Where it comes from, without credentials. */
  readonly from: string;
}

/** The collection of the one row that says so. */
export const unfinishedName = "unfinished_copy";

const theOne = "copy";

/** The copy into this store that has not ended, dead or alive; null when there is none. */
export async function unfinishedCopy(store: Store): Promise<Unfinished | null> {
  return store.collection<Unfinished>(unfinishedName).findOne({ _id: theOne });
}

/** Write down, before the first row, that a copy begins; again when it goes on. */
export async function beginCopy(store: Store, copy: Omit<Unfinished, "_id">): Promise<void> {
  await store
    .collection<Unfinished>(unfinishedName)
    .updateOne({ _id: theOne }, { $set: copy }, { upsert: true });
}

/** Write down, after everything was compared, that the copy is whole. */
export async function endCopy(store: Store): Promise<void> {
  await store.collection<Unfinished>(unfinishedName).deleteOne({ _id: theOne });
}

/** Throws, in words for the operator, when a store holds a copy that has not ended. */
export async function refuseUnfinished(store: Store): Promise<void> {
  const found = await unfinishedCopy(store);
  if (found === null) return;
  throw new Error(
    `the store holds a copy that did not end (${found.by} from ${found.from}): run that command again`,
  );
}
