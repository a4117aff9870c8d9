import type { Media } from "../drivers/media.js";
import type { Row, Store } from "../drivers/store/collection.js";
import type { DeploymentCollection } from "./collections.js";
import { keptFilesCollection, type KeptFile } from "./kept-files.js";
import { scopedCollection } from "./scoped-store.js";

/** Where an instance's rows and pictures are. */
export interface RowParts {
  readonly store: Store;
  readonly media: Media;
  /** Collections of the deployment, of which some name instances. */
  readonly beside: readonly DeploymentCollection[];
}

/** A collection of the deployment, and where its rows may name an instance. */
export type Beside = Pick<DeploymentCollection, "name" | "instanceIn">;

/** Rows that are removed in one write. */
const batch = 500;
/** The same for pictures that no row knows of. */
const filesEach = 50;

/** Remove some rows of the first collection that has any of an instance; false when none has. */
export async function removeSome(
  { store, media, beside }: RowParts,
  instanceId: string,
  names: readonly string[],
): Promise<boolean> {
  for (const name of names) {
    const rows = scopedCollection<KeptFile>(store, instanceId, { name, indexes: [] });
    const some = await rows.find({}, { limit: batch, projection: { _id: 1, name: 1 } }).toArray();
    if (some.length === 0) continue;
    if (name === keptFilesCollection.name) {
      for (const file of some) await media.remove(instanceId, file.name);
    }
    await rows.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
    return true;
  }
  return removeBeside(store, instanceId, beside);
}

/** The same in the collections of the deployment. */
export async function removeBeside(
  store: Store,
  instanceId: string,
  beside: readonly Beside[],
): Promise<boolean> {
  for (const { name, instanceIn } of beside) {
    if (instanceIn === undefined) continue;
    const rows = store.collection<Row>(name);
    const itsOwn = { [instanceIn]: instanceId };
    const some = await rows.find(itsOwn, { limit: batch, projection: { _id: 1 } }).toArray();
    if (some.length === 0) continue;
    await rows.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
    return true;
  }
  return false;
}

/** Remove some pictures that no row tells of, as a move from one place to another leaves them. */
export async function removeFiles(media: Media, instanceId: string): Promise<boolean> {
  let removed = 0;
  for await (const { owner, name } of media.list(instanceId)) {
    await media.remove(owner, name);
    removed += 1;
    if (removed === filesEach) break;
  }
  return removed > 0;
}
