import type { Clock } from "../clock.js";
import type { Collection, Filter } from "../store/collection.js";
import { mostPeeked } from "./bounds.js";
import { rowId, type DeadRow, type QueueTables } from "./queue-tables.js";
import type { DeadJob, DeadKind, DeadWish, NewJob, OwnerOf, Queue } from "./queue.js";

const MAX_DEAD = 1_000;
const SWEEP = 1_000;
/** How long the dead are kept: three months. */
const keptMs = 90 * 24 * 3_600_000;
/** No revival takes as long: what is held for longer was left by a process that died. */
const heldMs = 60_000;

/** A job that ended badly, for good. */
export interface Ending {
  readonly job: Omit<NewJob, "delayMs">;
  readonly tries: number;
  /** What it failed by, without anything that could be a secret. */
  readonly error: string;
}

/** The jobs that will never end well, kept for the operator whichever driver ran them. */
export interface Dead {
  /** Keeps endings of `queue`: of each queue the last 1,000 stay, for 90 days. */
  bury(queue: string, endings: readonly Ending[]): Promise<void>;
  count(queue: string, owner?: string): Promise<number>;
  /** The newest first, at most `limit`. */
  list(queue: string, limit: number, wish?: DeadWish): Promise<readonly DeadJob[]>;
  kinds(queue: string, owner?: string): Promise<readonly DeadKind[]>;
  /**
   * Hands those of some ids to `queue` once more and forgets that they died; one that is only just being
   * buried stays dead. Returns how many.
   */
  revive(queue: string, ids: readonly string[], live: Live): Promise<number>;
  /** Forgets some, except what is just being revived; returns how many there were. */
  drop(queue: string, ids: readonly string[]): Promise<number>;
}

/** What the dead need of the living. */
export type Live = Pick<Queue, "add" | "peek">;

/** What the dead are kept with. */
export interface DeadParts {
  readonly rows: Collection<DeadRow>;
  readonly clock: Clock;
  readonly ownerOf: OwnerOf | undefined;
}

/** Opens the dead in their collection. */
export function createDead({ rows, clock, ownerOf = () => null }: DeadParts): Dead {
  const now = (): number => clock.now().getTime();
  return {
    async bury(queue, endings) {
      const diedAt = now();
      for (const { job, tries, error } of endings) {
        const { id, name, attempts, backoff } = job;
        const owner = ownerOf(job.data);
        const data = JSON.stringify(job.data ?? null);
        const grave = { queue, id, name, data, attempts, backoff, tries, error, diedAt, owner };
        const forgetAt = new Date(diedAt + keptMs);
        const change = { $set: { ...grave, forgetAt, heldUntil: 0 } };
        await rows.updateOne({ _id: rowId(queue, id) }, change, { upsert: true });
      }
      if (endings.length > 0) await trim(rows, queue);
    },
    count: (queue, owner) =>
      rows.countDocuments({ queue, ...(owner === undefined ? {} : { owner }), ...kept(now()) }),
    async list(queue, limit, wish = {}) {
      const which = { ...wished(queue, wish), ...kept(now()) };
      const found = rows.find(which, { sort: { diedAt: -1, _id: -1 }, limit });
      return (await found.toArray()).map(deadJob);
    },
    kinds: (queue, owner) =>
      kinds(rows, wished(queue, owner === undefined ? {} : { owner }), now()),
    async revive(queue, ids, live) {
      if (ids.length === 0) return 0;
      const some = ids.slice(0, mostPeeked);
      const found = await rows.find(keyed(queue, some), { limit: some.length }).toArray();
      const busy = new Set((await live.peek(queue, some)).map(({ id }) => id));
      const wanted = found.filter(({ id }) => !busy.has(id));
      const graves = await held(rows, wanted, now());
      await addOrRelease(rows, graves, live);
      // One that died again meanwhile has a grave that nobody holds, which stays.
      for (const { _id, heldUntil } of graves) await rows.deleteOne({ _id, heldUntil });
      return graves.length + (await this.revive(queue, ids.slice(mostPeeked), live));
    },
    async drop(queue, ids) {
      return (await rows.deleteMany({ ...keyed(queue, ids), ...free(now()) })).deletedCount;
    },
  };
}

/** What a `Queue` answers about its dead, once their collection is there. */
export function deadSide(
  dead: Dead,
  tables: Pick<QueueTables, "ready">,
): Pick<Queue, "dead" | "deadKinds" | "countDead"> {
  return {
    async dead(queue, limit, wish) {
      await tables.ready();
      return dead.list(queue, limit, wish);
    },
    async deadKinds(queue, owner) {
      await tables.ready();
      return dead.kinds(queue, owner);
    },
    async countDead(queue, owner) {
      await tables.ready();
      return dead.count(queue, owner);
    },
  };
}

function keyed(queue: string, ids: readonly string[]) {
  return { _id: { $in: ids.map((id) => rowId(queue, id)) } };
}

/** Those that are not to be forgotten yet, whether or not the store has swept the others away. */
function kept(now: number) {
  return { diedAt: { $gt: now - keptMs } };
}

/** Those that nobody is about to revive. */
function free(now: number) {
  return { heldUntil: { $not: { $gt: now } } };
}

function wished(queue: string, { name, owner, after }: DeadWish): Filter<DeadRow> {
  const which = {
    queue,
    ...(name === undefined ? {} : { name }),
    ...(owner === undefined ? {} : { owner }),
  };
  if (after === undefined) return which;
  const diedAt = after.diedAt.getTime();
  const same = { diedAt, _id: { $lt: rowId(queue, after.id) } };
  return { ...which, $or: [{ diedAt: { $lt: diedAt } }, same] };
}

/** Of each kind how many; looks at no more than are kept of a queue. */
async function kinds(
  rows: Collection<DeadRow>,
  which: Filter<DeadRow>,
  now: number,
): Promise<readonly DeadKind[]> {
  const options = { sort: { diedAt: -1, _id: -1 }, limit: MAX_DEAD, projection: { name: 1 } };
  const found = await rows.find({ ...which, ...kept(now) }, options as object).toArray();
  const counts = new Map<string, number>();
  for (const { name } of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** Those of some graves that are ours alone now, for as long as reviving them can take. */
async function held(
  rows: Collection<DeadRow>,
  wanted: readonly DeadRow[],
  now: number,
): Promise<DeadRow[]> {
  const heldUntil = now + heldMs;
  const ours: DeadRow[] = [];
  for (const grave of wanted) {
    const { _id, diedAt } = grave;
    const taken = await rows.updateOne({ _id, diedAt, ...free(now) }, { $set: { heldUntil } });
    if (taken.matchedCount > 0) ours.push({ ...grave, heldUntil });
  }
  return ours;
}

/** What could not be added is anybody's again. */
async function addOrRelease(
  rows: Collection<DeadRow>,
  graves: readonly DeadRow[],
  live: Live,
): Promise<void> {
  try {
    await live.add(graves.map(asNew));
  } catch (error) {
    for (const { _id, heldUntil } of graves) {
      await rows.updateOne({ _id, heldUntil }, { $set: { heldUntil: 0 } });
    }
    throw error;
  }
}

function asNew({ queue, id, name, data, attempts, backoff }: DeadRow): NewJob {
  return { id, queue, name, data: JSON.parse(data) as unknown, attempts, backoff };
}

function deadJob({ id, name, data, owner, tries, error, diedAt }: DeadRow): DeadJob {
  const parsed = JSON.parse(data) as unknown;
  return { id, name, data: parsed, owner, tries, error, diedAt: new Date(diedAt) };
}

async function trim(rows: Collection<DeadRow>, queue: string): Promise<void> {
  const newest = { diedAt: -1, _id: -1 };
  const options = { sort: newest, skip: MAX_DEAD, limit: SWEEP, projection: { _id: 1 } };
  const oldest = await rows.find({ queue }, options as object).toArray();
  if (oldest.length > 0) await rows.deleteMany({ _id: { $in: oldest.map((row) => row._id) } });
}
