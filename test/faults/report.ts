import type { Queue } from "../../src/drivers/queue/queue.js";
import { printTable } from "../bench/table.js";
import type { Journal } from "./journal.js";
import type { Accepted } from "./load.js";
import type { Verdict } from "./verdict.js";

/** What a run has come to. */
export interface Outcome {
  readonly seed: number;
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

/** Nothing lost, nothing doubled; nobody answered as if there were a bug, and no process ended by itself. */
export function hasHeld({ verdicts, accepted, journal }: Outcome): boolean {
  return isWell(verdicts) && accepted.failures.length === 0 && journal.ends.length === 0;
}

/** Prints what was killed, what came of what was accepted, and what is wrong by name. */
export async function report(outcome: Outcome): Promise<void> {
  const { seed, deaths, verdicts, accepted, afterMs, queue, journal } = outcome;
  const killed = [...deaths].map(([part, times]) => ({ part, times: String(times) }));
  printTable("Killed", killed);
  printTable("What was accepted, and what came of it", verdicts.map(asRow));
  const lines = verdicts.flatMap(({ what, such = [] }) => such.map((one) => `${what}: ${one}`));
  for (const name of ["default", "delivery"]) {
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

function asRow({ what, accepted, lost, doubled }: Verdict): Record<string, string> {
  const figures = { accepted: String(accepted), lost: String(lost), doubled: String(doubled) };
  return { what, ...figures };
}
