import type { Ctx } from "../../kit/index.js";
import type { Services } from "../services.js";

/** A stretch of time in which several changes of one thing are told as one. */
export interface Span {
  /** Its number; the same for all that comes in it. */
  readonly span: number;
  /** How long it still lasts, in milliseconds. */
  readonly delayMs: number;
}

/** The span that this moment lies in. */
export function spanOf({ timing }: Pick<Services, "timing">, { clock }: Ctx): Span {
  const now = clock.now().getTime();
  const span = Math.floor(now / timing.coalesceMs);
  return { span, delayMs: (span + 1) * timing.coalesceMs - now };
}
