import type { NewJob, OwnerOf, Queue, RunningJob } from "../../src/drivers/queue/queue.js";

/** One durable backing that any number of queue objects share, as processes would. */
export interface QueueBacking {
  /** A queue object of its own, as another process would have; the backing closes it. */
  queue(): Queue;
  /** Moves time forward for all of them; `null` where a driver knows the machine's clock only. */
  readonly advance: ((ms: number) => Promise<void>) | null;
  close(): Promise<void>;
}

/** The queue that the suite works with. */
export const LANE = "default";
/** Again after a millisecond. */
export const steady = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
/** In milliseconds. */
export const MINUTE = 60_000;

/** A job of the suite; `changes` says what matters to the test. */
export function aJob(id: string, changes: Partial<NewJob> = {}): NewJob {
  return { id, queue: LANE, name: "greet", data: { id }, attempts: 3, backoff: steady, ...changes };
}

/** A promise and the means to keep it. */
export function aGate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Less than any test may take, and so long that a busy machine is not to blame. */
const givenUpAfterMs = 60_000;

/** Resolves once `condition` holds; fails when it does not for a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + givenUpAfterMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${condition.toString()}`);
    await pause(3);
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whose work a job of the suite is; each backing gives this to its queues. */
export const townOf: OwnerOf = (data) => (data as { town?: string } | null)?.town ?? null;

/** A queue object with a worker. */
export async function serving(
  backing: QueueBacking,
  run: (job: RunningJob) => Promise<void>,
  concurrency = 4,
): Promise<Queue> {
  const queue = backing.queue();
  queue.process(LANE, concurrency, run);
  await queue.start();
  return queue;
}
