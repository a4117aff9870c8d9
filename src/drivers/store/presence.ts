import { setTimeout as wait } from "node:timers/promises";
import { isGone, isSeenFromHere, newOwner } from "../queue/embedded-owner.js";
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
/** What may lie between the clocks of two machines before one is not shown. */
const skewMs = 60_000;
const lookAgainMs = 1_000;
const mostRows = 100;
const forgottenAfterSeconds = 3_600;

/** A process that says that it is there. */
export interface Presence {
  /** The `_id` of its row. */
  readonly id: string;
  /** Stops saying so. */
  leave(): Promise<void>;
}

/**
 * Say in the store, now and every ten seconds, that this process works with it. MongoDB has no lock
 * that would tell; the embedded store's file has, and needs none of this.
 */
export async function bePresent(
  store: Store,
  what: string,
  now: () => Date = () => new Date(),
): Promise<Presence> {
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
  return {
    id: _id,
    async leave() {
      clearInterval(timer);
      await saying;
      // Where the store is gone already, silence tells the same half a minute later.
      await rows.deleteOne({ _id }).catch(() => undefined);
    },
  };
}

/** A process that said lately that it works with the store. */
export interface PresentProcess {
  readonly what: string;
  readonly machine: string;
  readonly pid: string;
}

/**
 * The processes seen lately, at most 100, except those that are certainly gone; for people to look at.
 * One of another machine is shown for a minute longer, since its clock may be that much behind.
 */
export async function presentProcesses(
  store: Store,
  now: () => Date = () => new Date(),
): Promise<readonly PresentProcess[]> {
  const since = now().getTime() - silentAfterMs;
  const seen = await rowsOf(store, new Date(since - skewMs));
  return seen
    .filter(({ _id, seenAt }) => !isSeenFromHere(_id) || seenAt.getTime() > since)
    .map(asPresent);
}

/** How `refuseOthers` looks. */
export interface Looking {
  /** The `Presence.id` of whoever asks. */
  readonly but?: string | undefined;
  /** Called when it is to wait for half a minute at most. */
  readonly onWait?: (() => void) | undefined;
  readonly now?: () => Date;
  readonly pause?: (ms: number) => Promise<void>;
}

/**
 * Throws `StoreInUse` when another process works with the store. One of this machine is known by its
 * number and our clock, and looked at again a second later: it may have come only to be refused, or to
 * look. Of another machine's clock nothing is known, and one of this machine whose number lives but which
 * was silent may have been without the store: such a process is there when it says so again, which is waited for;
 * after half a minute of silence its row is removed.
 */
export async function refuseOthers(store: Store, looking: Looking = {}): Promise<void> {
  const { but, onWait, now = () => new Date(), pause = (ms) => wait(ms) } = looking;
  const first = (await rowsOf(store, new Date(0))).filter(({ _id }) => _id !== but);
  const since = now().getTime() - silentAfterMs;
  const near = first.filter(({ _id, seenAt }) => isSeenFromHere(_id) && seenAt.getTime() > since);
  if (near.length > 0) {
    await pause(lookAgainMs);
    refuse(await stillThere(store, near));
  }
  let quiet = first.filter((row) => !near.includes(row));
  if (quiet.length > 0) onWait?.();
  for (let waited = 0; quiet.length > 0 && waited < silentAfterMs; waited += lookAgainMs) {
    await pause(lookAgainMs);
    const seen = await stillThere(store, quiet);
    const times = new Map(seen.map(({ _id, seenAt }) => [_id, seenAt.getTime()]));
    quiet = quiet.filter(({ _id }) => times.has(_id));
    refuse(quiet.filter(({ _id, seenAt }) => times.get(_id) !== seenAt.getTime()));
  }
  const rows = store.collection<Present>(processesName);
  // Whoever may only read leaves them.
  for (const { _id, seenAt } of quiet) await rows.deleteOne({ _id, seenAt }).catch(() => undefined);
}

/** Those of some processes that have not left and are not certainly gone. */
async function stillThere(store: Store, some: readonly Present[]): Promise<Present[]> {
  const ids = some.map(({ _id }) => _id);
  const rows = store.collection<Present>(processesName);
  const found = await rows.find({ _id: { $in: ids } }).toArray();
  return found.filter(({ _id }) => !isGone(_id));
}

/** Except those that are certainly gone. */
async function rowsOf(store: Store, since: Date): Promise<Present[]> {
  const found = await store
    .collection<Present>(processesName)
    .find({ seenAt: { $gt: since } }, { sort: { seenAt: -1 }, limit: mostRows })
    .toArray();
  return found.filter(({ _id }) => !isGone(_id));
}

function asPresent({ _id, what }: Present): PresentProcess {
  const [machine = "", , pid = ""] = _id.split("|");
  return { what, machine, pid };
}

function refuse(alive: readonly Present[]): void {
  const [first] = alive.map(asPresent);
  if (first === undefined) return;
  const { what, machine, pid } = first;
  throw new StoreInUse(
    `processes at work with this store: ${alive.length}, such as ${what} on ${machine} (process ${pid}); stop them`,
  );
}
