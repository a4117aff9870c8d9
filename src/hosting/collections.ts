import type { Logger } from "pino";
import type { IndexSpec, Row, Store } from "../drivers/store/collection.js";
import type { Feature } from "../kit/feature.js";
import type { CollectionDef } from "../kit/records.js";
import { usagesCollection } from "../kit/limits.js";
import { throttlesCollection } from "../kit/throttle.js";
import { instanceIndexes } from "./instances.js";
import { keptFilesCollection } from "./kept-files.js";
import { intentIndexes } from "./outbox.js";
import { scopedIndexes } from "./scoped-store.js";
import { sessionsCollection } from "./session.js";

/** The collections of instances that belong to no feature. */
export const ownCollections = [
  sessionsCollection,
  throttlesCollection,
  keptFilesCollection,
  usagesCollection,
] as unknown as ReadonlyArray<CollectionDef<Row>>;

/** Every collection in which an instance has rows. */
export function collectionsOf(features: readonly Feature[]): ReadonlyArray<CollectionDef<Row>> {
  return [...features.flatMap(({ collections }) => collections), ...ownCollections];
}

/** A collection of the whole deployment, beside those in which each instance has its rows. */
export interface DeploymentCollection {
  readonly name: string;
  readonly indexes: readonly IndexSpec[];
  /** The field of a row that names an instance, where the row is removed with it. */
  readonly instanceIn?: string;
}

interface Declared {
  readonly scoped: ReadonlyArray<CollectionDef<Row>>;
  /** Those of the deployment, beside hosting's own. */
  readonly beside: readonly DeploymentCollection[];
}

/** Every collection with its indexes as they are made. */
export function declaredOf({ scoped, beside }: Declared): readonly DeploymentCollection[] {
  return [
    { name: "instances", indexes: instanceIndexes },
    { name: "intents", indexes: intentIndexes },
    ...beside,
    ...scoped.map(({ name, indexes }) => ({ name, indexes: scopedIndexes(indexes) })),
  ];
}

/** Indexes that are named in the log when they are made. */
const mostNamed = 20;

interface Surroundings {
  readonly store: Store;
  readonly log: Logger;
  /** Whether no later release came to the store (see `latestIn`). */
  isLatest(): Promise<boolean>;
}

/**
 * Makes every declared index, removes those that are no longer declared unless a later release is at
 * work with the store, and says which were made or removed.
 */
export async function ensureIndexes(
  { store, log, isLatest }: Surroundings,
  declared: Declared,
): Promise<void> {
  // Asked at first so that it is written down that this release is here: others see that before they remove
  // what is made now. What it says may have changed when there is something to remove.
  await isLatest();
  const onlyAdd = async (): Promise<boolean> => !(await isLatest());
  const created: string[] = [];
  const dropped: string[] = [];
  for (const { name, indexes } of declaredOf(declared)) {
    const changes = await store.ensureIndexes(name, indexes, { onlyAdd });
    created.push(...changes.created.map((index) => `${name}.${index}`));
    dropped.push(...changes.dropped.map((index) => `${name}.${index}`));
  }
  if (created.length + dropped.length === 0) return;
  // A new store gets all of them: their number says enough.
  const made = created.length > mostNamed ? created.length : created;
  log.info({ created: made, dropped }, "indexes changed");
}
