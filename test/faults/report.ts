import type { Queue } from "../../src/drivers/queue/queue.js";
import { queueNames } from "../../src/kit/work.js";
import { printTable } from "../bench/table.js";
import type { Journal } from "./journal.js";
import type { Accepted } from "./load.js";
import { leftInInbox, type Verdict } from "./compared.js";

/** What a run has come to. */
export interface Outcome {
  readonly seed: number;
  /** How long things were killed. */
  readonly seconds: number;
  readonly deaths: ReadonlyMap<string, number>;
  readonly verdicts: readonly Verdict[];
  readonly accepted: Accepted;
  /** From the last kill to the end of all work. */
  readonly afterMs: number;
  readonly queue: Queue;
  readonly journal: Journal;
}

const mostFailures = 20;

/** Nothing lost and nothing doubled. */
export function isWell(verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ lost, doubled }) => lost + doubled === 0);
}

/** One in so many may come again as it was, and a few more: so much is explained by kills. */
const oneAgainIn = 5;
const fewAgain = 3;
/** Of each kind at least one is accepted in so many seconds, up to a few, or the run has not shown much. */
const secondsForOne = 30;
const fewAccepted = 5;

/** Of what more came again than kills explain. */
export function tooOften(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter(
    ({ accepted, again = 0 }) => again > fewAgain + Math.ceil(accepted / oneAgainIn),
  );
}

/** Of what less was accepted than a run of so many seconds has to show. */
export function tooFew(verdicts: readonly Verdict[], seconds: number): Verdict[] {
  const least = Math.min(fewAccepted, Math.max(1, Math.floor(seconds / secondsForOne)));
  return verdicts.filter(({ accepted, what }) => accepted < least && what !== leftInInbox);
}

/**
 * Nothing lost, nothing doubled, not much again, and enough accepted to say so; nobody answered as if there
 * were a bug, and no process ended by itself.
 */
export function hasHeld({ verdicts, seconds, accepted, journal }: Outcome): boolean {
  const amiss = [...tooOften(verdicts), ...tooFew(verdicts, seconds), ...journal.ends];
  return isWell(verdicts) && accepted.failures.length + amiss.length === 0;
}

/** Whether no job waits for anything but its time, or runs; false while the queue does not say. */
export async function isQuiet(queue: Queue): Promise<boolean> {
  const asked = queueNames.map((name) => queue.counts(name));
  const counts = await Promise.all(asked).catch(() => null);
  if (counts === null) return false;
  return counts.every(({ waiting, running }) => waiting + running === 0);
}

/** Prints what was killed, what came of what was accepted, and what is wrong by name. */
export async function report(outcome: Outcome): Promise<void> {
  const { seed, seconds, deaths, verdicts, accepted, afterMs, queue, journal } = outcome;
  const killed = [...deaths].map(([part, times]) => ({ part, times: String(times) }));
  printTable("Killed", killed);
  printTable("What was accepted, and what came of it", verdicts.map(asRow));
  const lines = verdicts.flatMap(({ what, such = [] }) => such.map((one) => `${what}: ${one}`));
  lines.push(
    ...tooOften(verdicts).map(({ what }) => `${what}: more came again than kills explain`),
  );
  lines.push(...tooFew(verdicts, seconds).map(({ what }) => `${what}: too little was accepted`));
  for (const name of queueNames) {
    const { waiting, delayed, running, dead } = await queue.counts(name);
    const depth = `${waiting} waiting, ${delayed} delayed, ${running} running, ${dead} dead`;
    lines.push(`jobs of "${name}": ${depth}`);
    for (const { id, error } of await queue.dead(name, 5)) lines.push(`dead: ${id} (${error})`);
  }
  for (const [what, times] of accepted.refused) lines.push(`${what}: ${times} times`);
  for (const failure of accepted.failures.slice(0, mostFailures)) {
    const { asked, status, requestId } = failure;
    lines.push(`${asked} answered ${status} (request ${requestId ?? "without a name"})`);
    lines.push(...journal.about(failure));
  }
  lines.push(...journal.ends, `${accepted.failures.length} answers that nobody may be given`);
  lines.push(
    `${accepted.unanswered} requests without an answer`,
    `all done ${Math.round(afterMs / 1_000)} s after the last kill; seed ${seed}`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

function asRow({ what, accepted, lost, doubled, again }: Verdict): Record<string, string> {
  const figures = { accepted: String(accepted), lost: String(lost), doubled: String(doubled) };
  return { what, ...figures, again: again === undefined ? "" : String(again) };
}
