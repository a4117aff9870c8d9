import type { QueueLog } from "./embedded-lane.js";
import { failureText } from "./failure-text.js";
import { seldom } from "./seldom.js";
import { createSignal, type Signal } from "./signal.js";

/** A step that is taken again and again until it is stopped. */
export interface Repeating {
  /** `pauseMs` is the pause after a step that failed. */
  start(pauseMs: number): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Runs `step` again and again, each time after the milliseconds it asked for; `failed` is said when it throws. */
export function repeating(
  log: QueueLog,
  step: () => Promise<number>,
  failed = "the queue's store failed",
): Repeating {
  const signal: Signal = createSignal();
  let stopping = false;
  let loop = Promise.resolve();
  const say = seldom((fields) => log.warn(fields, failed));
  const run = async (pauseMs: number): Promise<void> => {
    while (!stopping) {
      const waitMs = await step().catch((error: unknown) => {
        say({ error: failureText(error) });
        return pauseMs;
      });
      if (!stopping) await signal.wait(waitMs);
    }
  };
  return {
    start: (pauseMs) => {
      loop = run(pauseMs);
    },
    wake: () => signal.ring(),
    stop: async () => {
      stopping = true;
      signal.ring();
      await loop;
    },
  };
}
