import {
  patientUntil,
  stillClaimed,
  timeOf,
  waitingFrom,
  type QueueParts,
} from "./embedded-parts.js";
import { bury, findLost, recover, type LastWords } from "./embedded-recovery.js";
import { isOnlyDuplicates } from "../store/errors.js";
import { rowId, type JobRow } from "./queue-tables.js";
import { checkedData } from "./new-job.js";
import { keptPutOff } from "./put-off.js";
import type { NewJob } from "./queue.js";

const INSERT_BATCH = 1_000;

/** After a claim that another worker beat, the next one picks at random among this many times more. */
const SPREAD = 4;

/** What `claim` found: jobs that are ours now, and when to look again (null: nothing waits). */
export interface Claimed {
  readonly jobs: readonly JobRow[];
  readonly nextAt: number | null;
}

/** For how long a try is put off, and what for. */
export interface Rest {
  readonly delayMs: number;
  readonly why: string | null;
}

/** Where jobs are kept: each method is a step that a crash before or after leaves sound. */
export interface Shelf {
  add(jobs: readonly NewJob[]): Promise<void>;
  /** Takes up to `limit` due jobs of `queue`, first due first. */
  claim(queue: string, limit: number): Promise<Claimed>;
  /** Extends the leases of jobs that are still ours. */
  renew(rows: readonly JobRow[]): Promise<void>;
  /** Forgets jobs that ended well; their ids are free again. */
  finish(rows: readonly JobRow[]): Promise<void>;
  /** Puts one back, due in `delayMs`. */
  retry(row: JobRow, delayMs: number): Promise<void>;
  /** Puts one back, due in `delayMs`; the try does not count, and what it is put off for is kept. */
  postpone(row: JobRow, rest: Rest): Promise<void>;
  /** Moves jobs that will never end well to the dead, of which the last 1,000 are kept. */
  bury(queue: string, endings: readonly LastWords[]): Promise<void>;
  /** Puts back jobs that were claimed and not begun. */
  putBack(rows: readonly JobRow[]): Promise<void>;
  /** Puts back jobs that were not given the time to end; the try does not count. */
  release(rows: readonly JobRow[]): Promise<void>;
  /** The jobs of processes that are gone or silent. */
  lost(queue: string): Promise<readonly JobRow[]>;
  /** Takes lost jobs back. The try counts. */
  recover(queue: string, lost: readonly JobRow[]): Promise<void>;
}

/** The embedded queue's steps on the store; single-document atomicity is all they rely on. */
export function createShelf(parts: QueueParts): Shelf {
  const { jobs } = parts.tables;
  return {
    add: (added) => add(parts, added),
    claim: claimer(parts),
    async renew(rows) {
      if (rows.length === 0) return;
      await jobs.updateMany(
        { _id: { $in: keysOf(rows) }, owner: parts.owner, state: "running" },
        { $set: { at: timeOf(parts) + parts.leaseMs } },
      );
    },
    async finish(rows) {
      if (rows.length > 0) await jobs.deleteMany(stillClaimed(rows));
    },
    async retry(row, delayMs) {
      await jobs.updateOne(stillClaimed([row]), { $set: waitingFrom(timeOf(parts) + delayMs) });
    },
    async postpone(row, { delayMs, why }) {
      const now = timeOf(parts);
      const before = row.putOff;
      const putOff = keptPutOff(why, { attempt: row.tries, before, now });
      const { $set, $inc } = uncounted(now + delayMs);
      const isOver = putOff === undefined && before !== undefined;
      await jobs.updateOne(stillClaimed([row]), {
        $set: putOff === undefined ? $set : { ...$set, putOff },
        $inc,
        ...(isOver ? { $unset: { putOff: "" as const } } : {}),
      });
    },
    bury: (queue, endings) => bury(parts, queue, endings),
    async putBack(rows) {
      if (rows.length === 0) return;
      const unbegun = { $set: waitingFrom(timeOf(parts)), $inc: { tries: -1 } };
      await jobs.updateMany(stillClaimed(rows), unbegun);
    },
    async release(rows) {
      if (rows.length === 0) return;
      await jobs.updateMany(stillClaimed(rows), uncounted(timeOf(parts)));
    },
    lost: (queue) => findLost(parts, queue),
    recover: (queue, lost) => recover(parts, queue, lost),
  };
}

function uncounted(at: number) {
  return { $set: waitingFrom(at), $inc: { tries: -1, postponed: 1 } };
}

function keysOf(rows: ReadonlyArray<Pick<JobRow, "_id">>): string[] {
  return rows.map((row) => row._id);
}

async function add(parts: QueueParts, added: readonly NewJob[]): Promise<void> {
  const rows = added.map((job) => newRow(parts, job));
  await parts.tables.ready();
  for (let i = 0; i < rows.length; i += INSERT_BATCH) {
    try {
      await parts.tables.jobs.insertMany(rows.slice(i, i + INSERT_BATCH), { ordered: false });
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
    }
  }
}

function newRow(parts: QueueParts, job: NewJob): JobRow {
  return {
    _id: rowId(job.queue, job.id),
    queue: job.queue,
    id: job.id,
    name: job.name,
    data: checkedData(job),
    order: parts.ids.next(),
    tries: job.tries ?? 0,
    ...(job.postponed === undefined ? {} : { postponed: job.postponed }),
    attempts: job.attempts,
    backoff: { ...job.backoff },
    ...placed(job, timeOf(parts)),
  };
}

function placed({ delayMs = 0, yieldsMs = 0 }: NewJob, time: number) {
  if (delayMs > 0 || yieldsMs <= 0) return waitingFrom(time + Math.max(0, delayMs));
  return patientUntil(time + yieldsMs);
}

/** Every so many claims the patient go first, so that they come on however much else there is. */
const PATIENT_FIRST = 4;

type Open = Exclude<JobRow["state"], "running">;

/**
 * Takes what waits, and gives the places that are left to the patient; at every fourth claim the other
 * way round. While nobody is patient and enough else waits, that alone shows whether somebody is by now.
 */
function claimer(parts: QueueParts): Shelf["claim"] {
  const waiting = taker(parts, "waiting");
  const patient = taker(parts, "patient");
  let claims = 0;
  let somebodyIsPatient = true;
  const takePatient: Shelf["claim"] = async (queue, limit) => {
    const taken = await patient(queue, limit);
    somebodyIsPatient = taken.jobs.length > 0;
    return taken;
  };
  return async (queue, limit) => {
    claims += 1;
    const patientFirst = claims % PATIENT_FIRST === 0;
    const taken = await (patientFirst ? takePatient : waiting)(queue, limit);
    const left = limit - taken.jobs.length;
    if (left === 0) return { ...taken, nextAt: timeOf(parts) };
    if (!patientFirst && taken.jobs.length > 0 && !somebodyIsPatient) return taken;
    const more = await (patientFirst ? waiting : takePatient)(queue, left);
    return { jobs: [...taken.jobs, ...more.jobs], nextAt: earlier(taken.nextAt, more.nextAt) };
  };
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/**
 * Reads the first few jobs, then marks those that may begin with a claim of its own: of two workers that
 * read the same ones, each row goes to the first to write.
 */
function taker(parts: QueueParts, state: Open): Shelf["claim"] {
  let claims = 0;
  let contended = false;
  return async (queue, limit) => {
    const first = await firstOf(parts, { queue, state }, limit * (contended ? SPREAD : 1) + 1);
    const time = timeOf(parts);
    const due = state === "patient" ? first : first.filter((row) => row.at <= time);
    if (due.length === 0) return { jobs: [], nextAt: first[0]?.at ?? null };
    const start = contended ? Math.floor(Math.random() * (due.length - limit + 1)) : 0;
    const wanted = due.slice(Math.max(0, start)).slice(0, limit);
    claims += 1;
    const jobs = await mark(parts, wanted, time, `${parts.owner}|${state}|${claims}`);
    contended = jobs.length < wanted.length;
    const all = !contended && wanted.length === due.length;
    return { jobs, nextAt: all ? (first[due.length]?.at ?? null) : time };
  };
}

/**
 * Marks those of `wanted` that still wait, and returns them in that order. When all of them did, they
 * are as they were read but for the mark, and nothing is read again. (One that another worker ran and put
 * back in between, within milliseconds, has had a try more than its worker is told; its row counts it.)
 */
async function mark(
  { tables, owner, leaseMs }: QueueParts,
  wanted: readonly JobRow[],
  time: number,
  claim: string,
): Promise<JobRow[]> {
  const keys = keysOf(wanted);
  const running = { state: "running" as const, at: time + leaseMs, owner, claim };
  const state = wanted[0]?.state ?? "waiting";
  const due = state === "patient" ? {} : { at: { $lte: time } };
  const { modifiedCount } = await tables.jobs.updateMany(
    { _id: { $in: keys }, state, ...due },
    { $set: running, $inc: { tries: 1 } },
  );
  if (modifiedCount === wanted.length) {
    return wanted.map((row) => ({ ...row, ...running, tries: row.tries + 1 }));
  }
  const ours = await tables.jobs.find({ _id: { $in: keys }, claim }).toArray();
  return ours.sort((a, b) => keys.indexOf(a._id) - keys.indexOf(b._id));
}

/** The order of service: what fell due first, and of the patient whose turn comes first. */
async function firstOf(
  { tables }: QueueParts,
  among: { readonly queue: string; readonly state: Open },
  limit: number,
): Promise<readonly JobRow[]> {
  return tables.jobs.find(among, { sort: { at: 1, order: 1 }, limit }).toArray();
}
