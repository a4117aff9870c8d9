import { backoffMs } from "./backoff.js";
import { Postpone, RetryLater, Unrecoverable, type Backoff } from "./queue.js";

/** What comes of a job that threw: nothing more, another try, or a new begin of the same try. */
export type Verdict =
  | { readonly kind: "dead" }
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "postpone"; readonly delayMs: number; readonly why: string | null };

/** What is known of a job when it threw; `tries` counts the one that failed. */
export interface Tried {
  readonly tries: number;
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** Decides for both drivers what comes of a job that threw `cause`; `random` gives 0 to 1. */
export function verdictOn(cause: unknown, job: Tried, random: () => number): Verdict {
  if (cause instanceof Postpone) {
    return { kind: "postpone", delayMs: Math.max(0, cause.delayMs), why: cause.why };
  }
  if (cause instanceof Unrecoverable || job.tries >= job.attempts) return { kind: "dead" };
  if (cause instanceof RetryLater) return { kind: "retry", delayMs: Math.max(0, cause.delayMs) };
  return { kind: "retry", delayMs: backoffMs(job.backoff, job.tries, random) };
}
