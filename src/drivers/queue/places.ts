import { setTimeout as pause } from "node:timers/promises";
import { checkQueueName } from "./new-job.js";
import type { Pace, Places } from "./queue.js";

/** Places as both drivers read them. */
export type OpenPlaces = Required<Places>;

const always = (): null => null;

/**
 * Reads what `Queue.process` is given, the same for both drivers.
 * @throws RangeError without room for one job, TypeError on a queue's name that is none, Error when
 * the queue has its worker already.
 */
export function readPlaces(
  queue: string,
  places: number | Places,
  known: ReadonlyMap<string, unknown>,
): OpenPlaces {
  checkQueueName(queue);
  if (known.has(queue)) throw new Error(`"${queue}" has its worker already`);
  const { most, pace = always } = typeof places === "number" ? { most: places } : places;
  if (!Number.isInteger(most) || most < 1) {
    throw new RangeError(`"${queue}" needs room for at least one job at a time`);
  }
  return { most, pace };
}

/** Resolves when a job may begin: while there is a pace, so many together and then a rest. */
export function createStarter(pace: () => Pace | null): () => Promise<void> {
  let begun = 0;
  let last = Promise.resolve();
  const turn = async (): Promise<void> => {
    const now = pace();
    if (now === null) return;
    begun += 1;
    if (begun % now.together === 0) await pause(now.restMs);
  };
  return () => {
    const mine = last;
    last = last.then(turn);
    return mine;
  };
}
