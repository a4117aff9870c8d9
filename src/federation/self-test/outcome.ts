import type { Ctx } from "../../kit/index.js";
import type { Services } from "../services.js";
import type { SelfTest, Step } from "./self-test.js";

/** What every step works with. */
export interface StepParts {
  readonly services: Services;
  readonly ctx: Ctx;
  readonly test: SelfTest;
}

/** What came of a step, what it found out for the next, or that it has to wait. */
export type Outcome =
  | (Pick<Step, "state" | "cause" | "detail"> & { readonly facts?: Partial<SelfTest> })
  | { readonly state: "later" };

/** Tries one thing. It may run twice. Throws FetchRefused for what the network refuses. */
export type RunStep = (parts: StepParts) => Promise<Outcome>;

/** It worked. */
export function well(detail: string | null = null, facts: Partial<SelfTest> = {}): Outcome {
  return { state: "ok", cause: null, detail, facts };
}

/** It did not work, or not quite. */
export function not(
  state: "failed" | "warned" | "unproven",
  cause: string,
  detail: string | null = null,
): Outcome {
  return { state, cause, detail };
}

/** One request of a test may take this long. */
export function patience({ timing }: Services): AbortSignal {
  return AbortSignal.timeout(timing.testMs);
}
