import type { OnlyAdd } from "../store/only-add.js";

/** How long to wait after failed try `n`: `min(maxMs, baseMs * factor^(n-1))`, plus up to `jitter` of it. */
export interface Backoff {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** 0 to 1: share of the delay that is added at random, so that failures do not march in step. */
  readonly jitter: number;
}

/**
 * A job to be stored. The same `id` added to the same queue while the first still waits or runs is
 * one job; once it has finished, or is dead, the id is free again.
 */
export interface NewJob {
  /** Deterministic, its parts joined by `/`, at most 500 characters (BullMQ rejects `:` and bare integers). */
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  /** JSON; ids only, never secrets. */
  readonly data: unknown;
  readonly delayMs?: number;
  /**
   * One of many that were added together: it is due at once, and lets pass whatever else falls due in
   * this time, so that a great burst holds up nobody else's few. The embedded queue goes on with it
   * whatever else comes; BullMQ while less comes in than is worked off.
   */
  readonly yieldsMs?: number;
  /** Tries in all, at least 1. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Of one that comes back from elsewhere: tries begun; absent when none was. */
  readonly tries?: number;
  /** Of such a one: runs begun that did not count; absent when none did. */
  readonly postponed?: number;
}

/** Why a try was postponed each time that it was begun since a moment. */
export interface PutOff {
  readonly why: string;
  readonly since: Date;
}

/** A job handed to its worker. `attempt` counts from 1. */
export interface RunningJob {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
  readonly attempt: number;
  readonly attempts: number;
  /** How often it was begun without its try being counted; absent when never. */
  readonly postponed?: number;
  /** Absent unless this try was begun before and its last `Postpone` named a reason. */
  readonly putOff?: PutOff;
}

/** A job that waits or runs. */
export interface QueuedJob {
  readonly id: string;
  readonly isRunning: boolean;
  /** When it is to be begun; of one that runs, when its worker is taken for gone at the earliest. */
  readonly dueAt: Date;
}

/** Thrown by a worker: no further try makes sense. */
export class Unrecoverable extends Error {
  override readonly name = "Unrecoverable";
}

/** Thrown by a worker: try again, but not before `delayMs` (a peer's `Retry-After`). Counts as a try. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly delayMs: number;
  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

/**
 * Thrown by a worker: nothing was tried, begin it again in `delayMs` at the earliest. Does not count
 * as a try, so that what throws it must know an end to it; whoever names a reason is told by `putOff`
 * since when it has been that one alone.
 */
export class Postpone extends Error {
  override readonly name = "Postpone";
  readonly delayMs: number;
  readonly why: string | null;
  constructor(message: string, delayMs: number, why: string | null = null) {
    super(message);
    this.delayMs = delayMs;
    this.why = why;
  }
}

/** A job that used up its tries, as its operator sees it. */
export interface DeadJob {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  /** Whose work it was (see `OwnerOf`); null when nobody's in particular. */
  readonly owner: string | null;
  readonly tries: number;
  /** The message of its last failure, without what could be a secret. */
  readonly error: string;
  readonly diedAt: Date;
}

/** Says by a job's data whose work it is, so that the dead can be told apart by it. */
export type OwnerOf = (data: unknown) => string | null;

/** Thrown by a check: the queue answers, but takes no jobs, and no job of it can be begun. */
export class QueueRefuses extends Error {
  override readonly name = "QueueRefuses";
  readonly why: "full" | "replica" | "other";
  constructor(why: QueueRefuses["why"], message: string) {
    super(message);
    this.why = why;
  }
}

/** Whether a check failed since the server that holds the jobs is full; told by name, wherever the error was made. */
export function isQueueFull(error: unknown): boolean {
  const isRefusal = error instanceof Error && error.name === "QueueRefuses" && "why" in error;
  return isRefusal && error.why === "full";
}

/** Memory of the server that holds the jobs, in bytes. */
export interface QueueMemory {
  readonly used: number;
  /** What it may use before it takes no more jobs; null when it is not told where to stop. */
  readonly most: number | null;
}

/** What may become of jobs that the queue has taken, when its server stops or is full. */
export interface QueueKeeping {
  /** Whether they are written to disk as they come. */
  readonly isOnDisk: boolean;
  /** Whether that is done before they count as taken; null when it is not told. */
  readonly isSynced: boolean | null;
  /** The policy by which some are thrown away to make room; null when none is. */
  readonly evicts: string | null;
}

/** Which of a queue's dead are wanted: all of them, unless narrowed. */
export interface DeadWish {
  readonly name?: string;
  readonly owner?: string;
  /** Only what stands behind this one in the list. */
  readonly after?: Pick<DeadJob, "id" | "diedAt">;
}

/** How many of a queue's dead have one name. */
export interface DeadKind {
  readonly name: string;
  readonly count: number;
}

/** A job that is added again and again by the calendar; runs once however many processes serve. */
export interface Schedule {
  readonly key: string;
  /**
   * Five-field cron expression, in `timezone`. Times missed while nobody served are made up for by
   * one run; the job's id is `key/20260131T060000Z`.
   */
  readonly cron: string;
  readonly timezone: string;
  readonly job: Omit<NewJob, "id" | "delayMs">;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  /** Jobs that used up their tries; kept for the operator, bounded. */
  readonly dead: number;
}

/** How jobs begin while something else in the process comes first: so many together, then a rest. */
export interface Pace {
  readonly together: number;
  readonly restMs: number;
}

/** How many jobs of a queue run at once in a process, and how they begin. */
export interface Places {
  readonly most: number;
  /** Asked before any begins; null: as many as there are places for, as soon as there are. */
  readonly pace?: () => Pace | null;
}

/**
 * Durable work, at least once. Both drivers (embedded in the store; BullMQ on Redis) keep the same
 * promises, written down in `test/drivers/queue.conformance.ts`.
 */
export interface Queue {
  /** Resolves once every job is durable. Throws a `TypeError` on an id or number of tries out of bounds. */
  add(jobs: readonly NewJob[]): Promise<void>;
  /**
   * Declares the whole calendar; schedules that are no longer named are forgotten, a changed
   * expression counts from now. With `onlyAdd`, what another release made of the calendar stays as it
   * is, and only what is missing is added; a question is asked anew before each line that would be changed
   * or forgotten, after that was seen. Each process adds the jobs of the schedules that it named itself,
   * and begins one anew that another made it forget. Throws on an expression that is wrong or never comes.
   */
  schedule(schedules: readonly Schedule[], keeping?: { readonly onlyAdd?: OnlyAdd }): Promise<void>;
  /** Registers the one worker of a queue; call before `start`. */
  process(queue: string, places: number | Places, run: (job: RunningJob) => Promise<void>): void;
  start(): Promise<void>;
  counts(queue: string): Promise<QueueCounts>;
  /** When the job that has been due for longest was due; null when none is. */
  oldestDue(queue: string): Promise<Date | null>;
  /** Those of some jobs, at most 500 ids, that wait or run. */
  peek(queue: string, ids: readonly string[]): Promise<readonly QueuedJob[]>;
  /** The jobs of a queue that used up their tries, the newest first; at most 1,000 are kept. */
  dead(queue: string, limit: number, wish?: DeadWish): Promise<readonly DeadJob[]>;
  /** The names of a queue's dead, be they one owner's or all, the most frequent first. */
  deadKinds(queue: string, owner?: string): Promise<readonly DeadKind[]>;
  /** How many of a queue's dead are of one owner. */
  countDead(queue: string, owner: string): Promise<number>;
  /**
   * Adds dead jobs again, with all their tries, and forgets that they died; returns how many. Of two who
   * ask for the same at once only one adds it.
   */
  revive(queue: string, ids: readonly string[]): Promise<number>;
  /** Forgets dead jobs, except those that are just being revived; returns how many. */
  drop(queue: string, ids: readonly string[]): Promise<number>;
  /**
   * Looks through some hundreds of the jobs of all queues, from a place on, and forgets those of one owner
   * that wait; what runs is left. Returns the place to go on from, null at the end.
   */
  forget(owner: string, from: string | null): Promise<string | null>;
  /** Rejects with a plain reason when the queue does not answer, as `QueueRefuses` when it takes nothing. */
  check(): Promise<void>;
  /** What jobs in flight take up and may; null where they lie in the store. */
  memory(): Promise<QueueMemory | null>;
  /** How safe jobs in flight are; null where they lie in the store. */
  keeping(): Promise<QueueKeeping | null>;
  /** Resolves when no job of any processed queue is due or running (delayed ones may remain). */
  idle(): Promise<void>;
  /** Takes no new job, waits up to `graceMs` for running ones, releases the rest for another process. */
  close(graceMs?: number): Promise<void>;
}
