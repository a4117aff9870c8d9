import { isGone, newOwner } from "../queue/embedded-owner.js";
import { StoreInUse, type Row, type Store } from "./collection.js";

/** A process that works with a store which many may share. */
interface Present extends Row {
  readonly what: string;
  readonly seenAt: Date;
}

/** The collection of the processes. */
export const processesName = "processes";

const everyMs = 10_000;
const silentAfterMs = 30_000;
const forgottenAfterSeconds = 3_600;

/** Stops saying that this process is there. */
export type Leave = () => Promise<void>;

/**
 * Say in the store, now and every ten seconds, that this process works with it. MongoDB has no lock
 * that would tell; the embedded store's file has, and needs none of this.
 */
export async function bePresent(
  store: Store,
  what: string,
  now: () => Date = () => new Date(),
): Promise<Leave> {
  const forgotten = { keys: { seenAt: 1 as const }, expireAfterSeconds: forgottenAfterSeconds };
  await store.ensureIndexes(processesName, [forgotten], { onlyAdd: true });
  const rows = store.collection<Present>(processesName);
  const _id = newOwner();
  const say = async (): Promise<void> => {
    await rows.updateOne({ _id }, { $set: { what, seenAt: now() } }, { upsert: true });
  };
  await say();
  let saying: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A store that does not answer is told by whatever else needs it; the next time says it again.
    saying = say().catch(() => undefined);
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await saying;
    // Where the store is gone already, silence tells the same half a minute later.
    await rows.deleteOne({ _id }).catch(() => undefined);
  };
}

/** A process that said lately that it works with the store. */
export interface PresentProcess {
  readonly what: string;
  readonly machine: string;
  readonly pid: string;
}

/** The processes seen in the last 30 seconds, at most 100, except those that are certainly gone. */
export async function presentProcesses(
  store: Store,
  now: () => Date = () => new Date(),
): Promise<readonly PresentProcess[]> {
  const since = new Date(now().getTime() - silentAfterMs);
  const seen = await store
    .collection<Present>(processesName)
    .find({ seenAt: { $gt: since } }, { limit: 100 })
    .toArray();
  return seen
    .filter(({ _id }) => !isGone(_id))
    .map(({ _id, what }) => {
      const [machine = "", , pid = ""] = _id.split("|");
      return { what, machine, pid };
    });
}

/**
 * Throws `StoreInUse` when a process was seen in the last 30 seconds, unless it is one of this machine
 * that is certainly gone.
 */
export async function refuseOthers(
  store: Store,
  now: () => Date = () => new Date(),
): Promise<void> {
  const alive = await presentProcesses(store, now);
  const [first] = alive;
  if (first === undefined) return;
  throw new StoreInUse(
    `${alive.length} processes work with this store, such as ${first.what} on ${first.machine} (process ${first.pid}): ` +
      "stop them, and wait half a minute if one was killed",
  );
}
