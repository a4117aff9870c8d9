import { setImmediate as nextTurn } from "node:timers/promises";
import type { Shelf } from "./embedded-shelf.js";
import { failureText } from "./failure-text.js";
import { verdictOn, type Verdict } from "./outcome.js";
import { createStarter, type OpenPlaces } from "./places.js";
import { runningJob, type JobRow } from "./queue-tables.js";
import type { RunningJob } from "./queue.js";
import { createSignal, type Signal } from "./signal.js";

/** What a queue says to its operator; a pino logger is one. */
export interface QueueLog {
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** The work of one queue in one process. */
export interface Lane {
  /** Something may be due. */
  wake(): void;
  start(): void;
  /** Extends the leases of the running jobs and takes back those of processes that are gone. */
  keep(): Promise<void>;
  /** No new job; resolves when the running ones have ended or, after `graceMs`, are released. */
  close(graceMs: number): Promise<void>;
}

/** What a lane is made of. */
export interface LaneParts {
  readonly queue: string;
  readonly places: OpenPlaces;
  readonly run: (job: RunningJob) => Promise<void>;
  readonly shelf: Shelf;
  readonly now: () => number;
  readonly random: () => number;
  readonly pollMs: number;
  readonly log: QueueLog;
}

interface Outcome {
  readonly row: JobRow;
  readonly failure: { readonly cause: unknown; readonly verdict: Verdict } | null;
}

interface LaneState {
  readonly signal: Signal;
  /** Resolves when the next job may begin. */
  readonly mayBegin: () => Promise<void>;
  /** Claimed, but their turn to begin has not come. */
  readonly waiting: Set<JobRow>;
  /** Begun and not yet settled in the store. */
  readonly held: Set<JobRow>;
  /** How many workers are at it. */
  running: number;
  outcomes: Outcome[];
  /** Every place was taken when last looked. */
  full: boolean;
  /** A few more endings are waited for. */
  gathering: boolean;
  /** The store did not take the last outcomes. */
  failing: boolean;
  /** Nor did it answer the last look after leases. */
  away: boolean;
  stopping: boolean;
  loop: Promise<void>;
}

/** How long endings wait for others while every place is taken, so that they are written together. */
const GATHER_MS = 20;

/** Makes the lane of one queue; it claims as many jobs at once as it has places free. */
export function createLane(parts: LaneParts): Lane {
  const state: LaneState = {
    signal: createSignal(),
    mayBegin: createStarter(parts.places.pace),
    waiting: new Set(),
    held: new Set(),
    running: 0,
    outcomes: [],
    full: false,
    gathering: false,
    failing: false,
    away: false,
    stopping: false,
    loop: Promise.resolve(),
  };
  return {
    wake: () => state.signal.ring(),
    start: () => {
      state.loop = work(parts, state);
    },
    keep: () => keep(parts, state),
    close: (graceMs) => close(parts, state, graceMs),
  };
}

/** When the store was away, all leases may have run out: those who live have until the next look to renew theirs. */
async function keep({ shelf, queue }: LaneParts, state: LaneState): Promise<void> {
  const wasAway = state.away;
  state.away = true;
  await shelf.renew([...state.waiting, ...state.held]);
  const lost = await shelf.lost(queue);
  state.away = false;
  if (wasAway || lost.length === 0) return;
  await shelf.recover(queue, lost);
  state.signal.ring();
}

async function work(parts: LaneParts, state: LaneState): Promise<void> {
  while (!state.stopping) {
    const waitMs = await guarded(parts, parts.pollMs, () => turn(parts, state));
    if (waitMs > 0 && !state.stopping) await state.signal.wait(waitMs);
    if (state.full && !isEnough(parts, state)) await gather(state);
    await nextTurn();
  }
}

/** Half of the places: the others go on meanwhile, so that gathering holds up nothing. */
function isEnough({ places }: LaneParts, { outcomes }: LaneState): boolean {
  return outcomes.length >= places.most / 2;
}

async function gather(state: LaneState): Promise<void> {
  if (state.stopping) return;
  state.gathering = true;
  await state.signal.wait(GATHER_MS);
  state.gathering = false;
}

/**
 * Writes down what has ended and fills the places that are free, both in one go so that a store that
 * groups its writes syncs once; nothing more is taken while writing fails. Says how long nothing will
 * happen by itself.
 */
async function turn(parts: LaneParts, state: LaneState): Promise<number> {
  const settled = settle(parts, state);
  settled.catch(() => undefined);
  if (state.failing) await settled;
  const waitMs = await fill(parts, state);
  await settled;
  return waitMs;
}

async function fill(parts: LaneParts, state: LaneState): Promise<number> {
  const free = parts.places.most - state.running;
  state.full = free <= 0;
  if (state.full) return parts.pollMs;
  const { jobs, nextAt } = await parts.shelf.claim(parts.queue, free);
  state.full = jobs.length === free;
  for (const row of jobs) void launch(parts, state, row);
  if (nextAt === null || state.full) return parts.pollMs;
  return Math.min(parts.pollMs, nextAt - parts.now());
}

async function launch(parts: LaneParts, state: LaneState, row: JobRow): Promise<void> {
  state.waiting.add(row);
  state.running += 1;
  await state.mayBegin();
  // Put back by `close`, it may be another process's by now.
  if (state.stopping) return;
  state.waiting.delete(row);
  state.held.add(row);
  const failure = await attempt(parts, row);
  state.running -= 1;
  state.outcomes.push({ row, failure });
  if (!state.gathering || isEnough(parts, state)) state.signal.ring();
}

async function attempt({ run, random }: LaneParts, row: JobRow): Promise<Outcome["failure"]> {
  try {
    await run(runningJob(row));
    return null;
  } catch (cause) {
    return { cause, verdict: verdictOn(cause, row, random) };
  }
}

/** Writes down how jobs ended. What the store refuses to take now is kept and tried again. */
async function settle(parts: LaneParts, state: LaneState): Promise<void> {
  const outcomes = state.outcomes;
  if (outcomes.length === 0) return;
  state.outcomes = [];
  const open = new Set(outcomes);
  const close = (settled: readonly Outcome[]): void => {
    for (const outcome of settled) {
      open.delete(outcome);
      state.held.delete(outcome.row);
    }
  };
  try {
    const done = outcomes.filter((outcome) => outcome.failure === null);
    await parts.shelf.finish(done.map((outcome) => outcome.row));
    close(done);
    const hopeless = outcomes.filter(({ failure }) => failure?.verdict.kind === "dead");
    await bury(parts, hopeless);
    close(hopeless);
    const again = [...open].map(async (outcome) => {
      await putBack(parts, outcome);
      close([outcome]);
    });
    await Promise.all(again);
  } finally {
    state.failing = open.size > 0;
    state.outcomes = [...open, ...state.outcomes];
  }
}

async function putBack({ shelf }: LaneParts, { row, failure }: Outcome): Promise<void> {
  const verdict = failure?.verdict;
  if (verdict?.kind === "postpone") await shelf.postpone(row, verdict);
  if (verdict?.kind === "retry") await shelf.retry(row, verdict.delayMs);
}

async function bury(parts: LaneParts, outcomes: readonly Outcome[]): Promise<void> {
  const endings = outcomes.map(({ row, failure }) => ({ row, error: failureText(failure?.cause) }));
  await parts.shelf.bury(parts.queue, endings);
}

async function close(parts: LaneParts, state: LaneState, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  state.stopping = true;
  state.signal.ring();
  await state.loop;
  for (;;) {
    const settled = await guarded(parts, false, async () => {
      await parts.shelf.putBack([...state.waiting]);
      state.waiting.clear();
      await settle(parts, state);
      return true;
    });
    const left = deadline - performance.now();
    if (state.held.size + state.waiting.size === 0 || left <= 0) break;
    await state.signal.wait(settled ? left : Math.min(left, parts.pollMs));
  }
  const rest = [...state.held];
  await guarded(parts, undefined, () => parts.shelf.release(rest));
}

async function guarded<T>(parts: LaneParts, otherwise: T, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    parts.log.warn({ queue: parts.queue, error: failureText(error) }, "the queue's store failed");
    return otherwise;
  }
}
