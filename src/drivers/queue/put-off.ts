import type { PutOff } from "./queue.js";

/** What is kept with a job of the reason that its try is put off for. */
export interface KeptPutOff {
  readonly why: string;
  /** Milliseconds. */
  readonly since: number;
  /** The number of that try: of the next one it says nothing. */
  readonly attempt: number;
}

/** What is to be kept of a try that was postponed; undefined where no reason was named. */
export function keptPutOff(
  why: string | null,
  { attempt, before, now }: { attempt: number; before: KeptPutOff | undefined; now: number },
): KeptPutOff | undefined {
  if (why === null) return undefined;
  const goesOn = before?.why === why && before.attempt === attempt;
  return { why, since: goesOn ? before.since : now, attempt };
}

/** What a worker is told of it, where it is about its try. */
export function toldPutOff(
  kept: KeptPutOff | undefined,
  attempt: number,
): { readonly putOff?: PutOff } {
  if (kept?.attempt !== attempt) return {};
  return { putOff: { why: kept.why, since: new Date(kept.since) } };
}
