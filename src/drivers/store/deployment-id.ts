import { randomBytes } from "node:crypto";
import type { Row, Store } from "./collection.js";
import { isOnlyDuplicates } from "./errors.js";

/** Who the deployment of a store is to what it shares with others. */
interface Deployment extends Row {
  readonly id: string;
  /** The database of MongoDB that it was made in; null: a file. */
  readonly database: string | null;
}

/** The collection of the one row that says so. It belongs to the place: no backup has it. */
export const deploymentName = "deployment";

const theOne = "deployment";

/**
 * What the deployment of a store is called in Redis: 16 hexadecimal characters, made once. A database
 * that was copied into another one is another deployment from then on; a copied file cannot be told.
 * @param where the store's address or path
 */
export async function deploymentId(store: Store, where: string): Promise<string> {
  const rows = rowsOf(store);
  const own = { id: randomBytes(8).toString("hex"), database: databaseOf(where) };
  // Written even where it is there, so that no majority of MongoDB's servers may have it otherwise.
  await rows
    .updateOne({ _id: theOne }, { $setOnInsert: own }, { upsert: true })
    .catch((error: unknown) => {
      // Another process was first.
      if (!isOnlyDuplicates(error)) throw error;
    });
  const found = await rows.findOne({ _id: theOne });
  if (found?.database === own.database) return found.id;
  const copied = { _id: theOne, ...(found === null ? {} : { id: found.id }) };
  await rows.updateOne(copied, { $set: own });
  return deploymentId(store, where);
}

/** The same of a store in which nobody has asked yet: null then. */
export async function knownDeploymentId(store: Store): Promise<string | null> {
  return (await rowsOf(store).findOne({ _id: theOne }))?.id ?? null;
}

/** Let the store at `where` be the deployment of this id. */
export async function keepDeploymentId(store: Store, where: string, id: string): Promise<void> {
  const database = databaseOf(where);
  await rowsOf(store).updateOne({ _id: theOne }, { $set: { id, database } }, { upsert: true });
}

/** What a store that is moved away gets back when it stays after all. */
export type KeptDeployment = Pick<Deployment, "id" | "database">;

/** What to keep of the deployment of a store; null where nobody has asked yet. */
export async function keptDeployment(store: Store): Promise<KeptDeployment | null> {
  const found = await rowsOf(store).findOne({ _id: theOne });
  return found === null ? null : { id: found.id, database: found.database };
}

/** Let a store be the deployment again that it was, unless it still is one. */
export async function bringBackDeployment(store: Store, kept: KeptDeployment): Promise<void> {
  await rowsOf(store).updateOne({ _id: theOne }, { $setOnInsert: kept }, { upsert: true });
}

/** Let the store at `where` be the deployment that `source` was, which then is none; run again when killed. */
export async function moveDeploymentId(source: Store, store: Store, where: string): Promise<void> {
  const id = await knownDeploymentId(source);
  if (id === null) return;
  await keepDeploymentId(store, where, id);
  await forgetDeploymentId(source);
}

/** Let a store be no deployment: it is another one once somebody asks. */
export async function forgetDeploymentId(store: Store): Promise<void> {
  await rowsOf(store).deleteOne({ _id: theOne });
}

function rowsOf(store: Store) {
  return store.collection<Deployment>(deploymentName);
}

/** As the driver of MongoDB reads it, which takes `test` where none is named. */
function databaseOf(where: string): string | null {
  const [, named] = /^mongodb(?:\+srv)?:\/\/[^/]*\/?([^?]*)/.exec(where) ?? [];
  return named === undefined ? null : decodeURIComponent(named) || "test";
}
