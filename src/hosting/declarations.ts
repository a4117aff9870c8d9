import { createHash } from "node:crypto";
import type { Clock } from "../drivers/clock.js";
import type { IndexSpec, Row, Store } from "../drivers/store/collection.js";
import type { Feature } from "../kit/feature.js";
import { collectionsOf, declaredOf, type DeploymentCollection } from "./collections.js";

/** What a release is made of, as far as it leaves something in a store. */
export interface Declaring {
  /** As in `package.json`. */
  readonly version: string;
  readonly features: readonly Feature[];
  /** Collections of the deployment. */
  readonly beside: readonly DeploymentCollection[];
}

/** A release, by what it declares, and when a process of it first came to this store. */
interface Declaration extends Row {
  /** Its version, so that what is later is greater. */
  readonly rank: string;
  readonly firstAt: Date;
}

/** The collection of the declarations, of which there are as many as releases that came to the store. */
const declarationsName = "declarations";
const latestFirst = { rank: -1, firstAt: -1, _id: 1 } as const;
const indexes: readonly IndexSpec[] = [{ keys: latestFirst }];

/**
 * Tells whenever it is asked whether no later release came to the store: one of a higher version or, while
 * that stays the same, one that declares something else and came first after this one did. While a release
 * is rolled out, and after one was taken back, processes of the one before start too: they may add what they
 * need, and have to leave what the later one made.
 */
export function latestIn(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  declaring: Declaring,
): () => Promise<boolean> {
  const rows = store.collection<Declaration>(declarationsName);
  const _id = createHash("sha256").update(told(declaring)).digest("hex");
  const rank = rankOf(declaring.version);
  return async () => {
    await store.ensureIndexes(declarationsName, indexes, { onlyAdd: true });
    if ((await rows.findOne({ _id })) === null) {
      const first = { $setOnInsert: { rank, firstAt: clock.now() } };
      await rows.updateOne({ _id }, first, { upsert: true });
    }
    const [last] = await rows.find({}, { sort: latestFirst, limit: 1 }).toArray();
    return last?._id === _id;
  };
}

function told({ version, features, beside }: Declaring): string {
  const collections = declaredOf({ scoped: collectionsOf(features), beside });
  const lines = features.flatMap(({ schedules }) => schedules);
  return JSON.stringify([
    version,
    collections.map(({ name, indexes: made }) => [name, made]),
    lines.map(({ key, cron }) => [key, cron]),
  ]);
}

/** Sorts as versions do (Semantic Versioning 2.0.0, section 11): `1.10.0` comes after `1.9.0`, `1.9.0-rc.1` before it. */
function rankOf(version: string): string {
  const [plain = ""] = version.split("+");
  const [, core = plain, early] = /^([\d.]+)-(.*)$/.exec(plain) ?? [];
  const padded = (part: string): string =>
    part.replace(/\d+/g, (digits) => digits.padStart(9, "0"));
  return early === undefined ? `${padded(core)}~` : `${padded(core)}-${padded(early)}`;
}
