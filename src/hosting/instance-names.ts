import type { Collection } from "../drivers/store/collection.js";
import type { InstanceRecord } from "../kit/instance.js";
import { isDuplicate } from "../kit/records.js";

/** A row of the register of instances. */
export interface StoredInstance extends InstanceRecord {
  /** Host and aliases; absent in a row of a release that did not write it. */
  readonly names?: readonly string[];
}

/** The register itself. */
export type Rows = Collection<StoredInstance>;

/** Another instance has that host or alias already, or had it: addresses are never used again. */
export class HostTaken extends Error {
  override readonly name = "HostTaken";
  readonly wasDeleted: boolean;
  /** @param host the name that is taken, of those that were asked for */
  constructor(host: string, wasDeleted = false) {
    super(host);
    this.wasDeleted = wasDeleted;
  }
}

/**
 * Refuses names of which an instance has one, and says which. Rows of before have no `names`: they are found
 * by host and aliases.
 * @throws HostTaken
 */
export async function refuseTaken(rows: Rows, names: readonly string[]): Promise<void> {
  const taken = await rows.findOne({
    $or: [{ host: { $in: names } }, { aliases: { $in: names } }],
  });
  if (taken === null) return;
  const its = new Set([taken.host, ...taken.aliases]);
  throw new HostTaken(names.find((name) => its.has(name)) ?? taken.host, taken.state === "gone");
}

/**
 * Run a write that gives an instance its names; of two that want one of them at once, one gets it.
 * @throws HostTaken
 */
export async function orTaken<R>(
  rows: Rows,
  names: readonly string[],
  write: () => Promise<R>,
): Promise<R> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await refuseTaken(rows, names);
    throw new HostTaken(names.join(" "));
  }
}

/** Every name that leads to an instance, its host first. */
export function namesOf(host: string, aliases: readonly string[]): readonly string[] {
  return [...new Set([host, ...aliases])];
}
