import { Cron } from "croner";
import { timeOf, type QueueParts } from "./embedded-parts.js";
import { isOnlyDuplicates } from "../store/errors.js";
import { addsOnly, type OnlyAdd } from "../store/only-add.js";
import type { ScheduleRow } from "./queue-tables.js";
import type { NewJob, Queue, Schedule } from "./queue.js";

/** What the calendar is made of; it is kept in the store whichever driver runs its jobs. */
export type CalendarParts = Pick<QueueParts, "clock" | "leaseMs"> & {
  readonly tables: Pick<QueueParts["tables"], "schedules" | "ready">;
};

const STALE_LEASES = 2;

/** The jobs that the calendar adds. */
export interface Calendar {
  /** Stores the whole calendar. Throws on a cron expression that is wrong or never comes. */
  readonly declare: Queue["schedule"];
  /**
   * Adds the jobs whose time has come, each once for all processes; returns when next to look. Lines that
   * this process did not declare are another release's: nobody here may know their jobs.
   */
  fire(): Promise<number | null>;
  /** Whether a line that was declared here is due. */
  isDue(): Promise<boolean>;
}

/**
 * When `cron` (five fields, in `timezone`) comes next after `after`, in milliseconds. Throws on an
 * expression that is wrong or never comes.
 */
export function nextRun(cron: string, timezone: string, after: number): number {
  const pattern = new Cron(cron, { mode: "5-part", timezone, paused: true });
  const next = pattern.nextRun(new Date(after));
  if (next === null) throw new RangeError(`the schedule "${cron}" never comes`);
  return next.getTime();
}

/** The id of the job a schedule adds for one time: `key/20260131T060000Z`. */
export function scheduledJobId(key: string, at: number): string {
  return `${key}/${new Date(at).toISOString().replace(/\.\d+|[-:]/g, "")}`;
}

interface CalendarState {
  /** The lines that were declared here. */
  own: readonly Schedule[];
  /** Lines whose time was won and whose job is not stored yet. */
  adding: number;
}

/** Makes the calendar; `add` stores jobs. */
export function createCalendar(
  parts: CalendarParts,
  add: (jobs: readonly NewJob[]) => Promise<void>,
): Calendar {
  const state: CalendarState = { own: [], adding: 0 };
  return {
    async declare(schedules, { onlyAdd = false } = {}) {
      const planned = schedules.map((line) => ({ line, nextAt: nextOf(parts, line) }));
      // What is forgotten now is not to be begun anew.
      const keys = new Set(schedules.map(({ key }) => key));
      state.own = state.own.filter(({ key }) => keys.has(key));
      await declare(parts, planned, onlyAdd);
      state.own = schedules;
    },
    fire: () => fire(parts, state, add),
    async isDue() {
      const due = { ...among(state.own), nextAt: { $lte: timeOf(parts) } };
      const first = await parts.tables.schedules.findOne(due);
      return first !== null || state.adding > 0;
    },
  };
}

/** Adds what is due; returns for how many milliseconds nothing falls due, at most `mostMs`. */
export async function untilNext(
  calendar: Calendar,
  now: () => number,
  mostMs: number,
): Promise<number> {
  const nextAt = await calendar.fire();
  return nextAt === null ? mostMs : Math.min(mostMs, Math.max(1, nextAt - now()));
}

function nextOf(parts: Pick<CalendarParts, "clock">, { cron, timezone }: Schedule): number {
  return nextRun(cron, timezone, timeOf(parts));
}

function among(lines: readonly Schedule[]) {
  return { _id: { $in: lines.map(({ key }) => key) } };
}

/** A line, and when it comes next if it begins now. */
interface Planned {
  readonly line: Schedule;
  readonly nextAt: number;
}

async function declare(
  parts: CalendarParts,
  planned: readonly Planned[],
  onlyAdd: OnlyAdd,
): Promise<void> {
  const { schedules: table } = parts.tables;
  await parts.tables.ready();
  const stored = new Map((await table.find({}).toArray()).map((row) => [row._id, row]));
  for (const one of planned) {
    const known = stored.get(one.line.key);
    stored.delete(one.line.key);
    if (known === undefined) {
      await begin(parts, one);
    } else if (isOther(known, one.line) && !(await addsOnly(onlyAdd))) {
      await change(parts, one, known);
    }
  }
  for (const known of stored.values()) {
    if (!(await addsOnly(onlyAdd))) await table.deleteOne(asRead(known));
  }
}

/** Matches a line of which nobody has made another since it was read. */
function asRead({ _id, cron, timezone, job }: ScheduleRow) {
  return { _id, cron, timezone, job };
}

function isOther(known: ScheduleRow, line: Schedule): boolean {
  return isMoved(known, line) || known.job !== asStored(line).job;
}

function isMoved(known: ScheduleRow, { cron, timezone }: Schedule): boolean {
  return known.cron !== cron || known.timezone !== timezone;
}

function asStored({ cron, timezone, job }: Schedule) {
  return { cron, timezone, job: JSON.stringify(job) };
}

/** Of several processes that begin a line together, one stores it. */
async function begin({ tables }: CalendarParts, { line, nextAt }: Planned): Promise<void> {
  const told = asStored(line);
  const row = { _id: line.key, ...told, nextAt, pendingAt: null, pendingSince: null };
  await tables.schedules.insertOne(row).catch((error: unknown) => {
    if (!isOnlyDuplicates(error)) throw error;
  });
}

async function change(
  { tables }: CalendarParts,
  { line, nextAt }: Planned,
  known: ScheduleRow,
): Promise<void> {
  const told = asStored(line);
  const $set = isMoved(known, line) ? { ...told, nextAt } : told;
  await tables.schedules.updateOne(asRead(known), { $set });
}

async function fire(
  parts: CalendarParts,
  state: CalendarState,
  add: (jobs: readonly NewJob[]) => Promise<void>,
): Promise<number | null> {
  const { own } = state;
  if (own.length === 0) return null;
  const time = timeOf(parts);
  const rows = await parts.tables.schedules.find(among(own), { sort: { nextAt: 1 } }).toArray();
  let nextAt = rows.length < own.length ? await beginAnew(parts, state, { own, rows }) : null;
  for (const row of rows) {
    state.adding += 1;
    try {
      const won = row.nextAt <= time ? await win(parts, row, time) : await adopt(parts, row, time);
      if (won !== null) await addFor(parts, won, add);
    } finally {
      state.adding -= 1;
    }
    const next = row.nextAt <= time ? time : row.nextAt;
    if (nextAt === null || next < nextAt) nextAt = next;
  }
  return nextAt;
}

/** What of one's own another release has forgotten meanwhile, while it took itself for the latest. */
async function beginAnew(
  parts: CalendarParts,
  state: CalendarState,
  { own, rows }: { readonly own: readonly Schedule[]; readonly rows: readonly ScheduleRow[] },
): Promise<number | null> {
  const there = new Set(rows.map(({ _id }) => _id));
  const missing = own.filter((line) => !there.has(line.key) && state.own.includes(line));
  const planned = missing.map((line) => ({ line, nextAt: nextOf(parts, line) }));
  for (const one of planned) await begin(parts, one);
  return planned.length === 0 ? null : Math.min(...planned.map((one) => one.nextAt));
}

/** One process wins the time; however many times were missed, the job is added once. */
async function win(
  parts: CalendarParts,
  row: ScheduleRow,
  time: number,
): Promise<ScheduleRow | null> {
  const nextAt = nextRun(row.cron, row.timezone, time);
  return parts.tables.schedules.findOneAndUpdate(
    { _id: row._id, nextAt: row.nextAt },
    { $set: { nextAt, pendingAt: row.nextAt, pendingSince: time } },
    { returnDocument: "after" },
  );
}

/** A winner that stopped before its job was stored is replaced after two leases. */
async function adopt(
  parts: CalendarParts,
  row: ScheduleRow,
  time: number,
): Promise<ScheduleRow | null> {
  if (row.pendingAt === null || row.pendingSince === null) return null;
  if (row.pendingSince + STALE_LEASES * parts.leaseMs > time) return null;
  return parts.tables.schedules.findOneAndUpdate(
    { _id: row._id, pendingAt: row.pendingAt, pendingSince: row.pendingSince },
    { $set: { pendingSince: time } },
    { returnDocument: "after" },
  );
}

async function addFor(
  parts: CalendarParts,
  row: ScheduleRow,
  add: (jobs: readonly NewJob[]) => Promise<void>,
): Promise<void> {
  if (row.pendingAt === null) return;
  const job = JSON.parse(row.job) as Schedule["job"];
  await add([{ ...job, id: scheduledJobId(row._id, row.pendingAt) }]);
  await parts.tables.schedules.updateOne(
    { _id: row._id, pendingAt: row.pendingAt },
    { $set: { pendingAt: null, pendingSince: null } },
  );
}
