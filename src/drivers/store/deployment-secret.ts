import { createHmac } from "node:crypto";
import type { Row, Store } from "./collection.js";
import { deploymentName } from "./deployment-id.js";

/** By what the secret is known again with which pages were served last. */
interface KnownSecret extends Row {
  readonly print: string;
}

const theOne = "secret";

/**
 * Remember the secret with which this process serves pages; what is kept of it tells nothing of it.
 * @returns whether it is the one that served before. Another one means that `SECRET` was changed, or that
 * processes serve with one each, none of which knows who signed in at the others.
 */
export async function rememberSecret(store: Store, secret: string): Promise<boolean> {
  const isKnown = await isSecretKnown(store, secret);
  const print = printOf(secret);
  await rowsOf(store).updateOne({ _id: theOne }, { $set: { print } }, { upsert: true });
  return isKnown;
}

/** Whether pages were served last with this secret, or never yet. */
export async function isSecretKnown(store: Store, secret: string): Promise<boolean> {
  const known = await rowsOf(store).findOne({ _id: theOne });
  return known === null || known.print === printOf(secret);
}

function printOf(secret: string): string {
  return createHmac("sha256", secret).update("parvis/known-again").digest("hex").slice(0, 16);
}

/** It belongs to the place, as the deployment's id does: no backup has it. */
function rowsOf(store: Store) {
  return store.collection<KnownSecret>(deploymentName);
}
