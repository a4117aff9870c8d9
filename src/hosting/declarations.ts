import { createHash } from "node:crypto";
import type { Clock } from "../drivers/clock.js";
import type { IndexSpec, Row, Store } from "../drivers/store/collection.js";

/** The indexes that a release declares, and when a process of it first came to this store. */
interface Declaration extends Row {
  readonly firstAt: Date;
}

interface Indexed {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
}

/** The collection of the declarations, of which there are as many as releases that changed indexes. */
const declarationsName = "declarations";

/**
 * Whether no release with other indexes came to this store after this one, which is written down when it
 * comes first. While a release is rolled out, and after one was taken back, processes of the one before
 * start too: they may add what they need, and have to leave what the later one made.
 */
export async function isLatest(
  store: Store,
  clock: Clock,
  declared: readonly Indexed[],
): Promise<boolean> {
  await store.ensureIndexes(declarationsName, [{ keys: { firstAt: -1, _id: 1 } }]);
  const rows = store.collection<Declaration>(declarationsName);
  const said = JSON.stringify(declared.map(({ name, indexes }) => [name, indexes]));
  const _id = createHash("sha256").update(said).digest("hex");
  const newest = { sort: { firstAt: -1 as const, _id: 1 as const }, limit: 1 };
  const known = await rows.findOne({ _id });
  if (known === null) {
    const first = { $setOnInsert: { firstAt: clock.now() } };
    await rows.updateOne({ _id }, first, { upsert: true });
  }
  const [last] = await rows.find({}, newest).toArray();
  return last?._id === _id;
}
