import { Cron } from "croner";
import { timeOf, type QueueParts } from "./embedded-parts.js";
import { isOnlyDuplicates } from "../store/errors.js";
import type { ScheduleRow } from "./queue-tables.js";
import type { NewJob, Schedule } from "./queue.js";

/** What the calendar is made of; it is kept in the store whichever driver runs its jobs. */
export type CalendarParts = Pick<QueueParts, "clock" | "leaseMs"> & {
  readonly tables: Pick<QueueParts["tables"], "schedules" | "ready">;
};

const STALE_LEASES = 2;

/** The jobs that the calendar adds. */
export interface Calendar {
  /** Stores the whole calendar. Throws on a cron expression that is wrong or never comes. */
  declare(schedules: readonly Schedule[]): Promise<void>;
  /** Adds the jobs whose time has come, each once for all processes; returns when next to look. */
  fire(): Promise<number | null>;
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

/** Makes the calendar; `add` stores jobs. */
export function createCalendar(
  parts: CalendarParts,
  add: (jobs: readonly NewJob[]) => Promise<void>,
): Calendar {
  return {
    declare: (schedules) => declare(parts, schedules),
    fire: () => fire(parts, add),
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

async function declare(parts: CalendarParts, schedules: readonly Schedule[]): Promise<void> {
  const { schedules: table } = parts.tables;
  const time = timeOf(parts);
  const planned = schedules.map((line) => ({
    line,
    nextAt: nextRun(line.cron, line.timezone, time),
  }));
  await parts.tables.ready();
  const stored = new Map((await table.find({}).toArray()).map((row) => [row._id, row]));
  for (const { line, nextAt } of planned) {
    const known = stored.get(line.key);
    stored.delete(line.key);
    await store(parts, line, nextAt, known);
  }
  if (stored.size > 0) await table.deleteMany({ _id: { $in: [...stored.keys()] } });
}

async function store(
  parts: CalendarParts,
  { key, cron, timezone, job }: Schedule,
  nextAt: number,
  known: ScheduleRow | undefined,
): Promise<void> {
  const { schedules: table } = parts.tables;
  const told = { cron, timezone, job: JSON.stringify(job) };
  if (known === undefined) {
    const row = { _id: key, ...told, nextAt, pendingAt: null, pendingSince: null };
    await table.insertOne(row).catch((error: unknown) => {
      if (!isOnlyDuplicates(error)) throw error;
    });
  } else if (known.cron !== cron || known.timezone !== timezone) {
    await table.updateOne({ _id: key }, { $set: { ...told, nextAt } });
  } else if (known.job !== told.job) {
    await table.updateOne({ _id: key }, { $set: told });
  }
}

async function fire(
  parts: CalendarParts,
  add: (jobs: readonly NewJob[]) => Promise<void>,
): Promise<number | null> {
  const { schedules: table } = parts.tables;
  const time = timeOf(parts);
  const rows = await table.find({}, { sort: { nextAt: 1 } }).toArray();
  let nextAt: number | null = null;
  for (const row of rows) {
    const won = row.nextAt <= time ? await win(parts, row, time) : await adopt(parts, row, time);
    if (won !== null) await addFor(parts, won, add);
    const next = row.nextAt <= time ? time : row.nextAt;
    if (nextAt === null || next < nextAt) nextAt = next;
  }
  return nextAt;
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
