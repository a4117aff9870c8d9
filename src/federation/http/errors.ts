import type { ErrorRequestHandler } from "express";
import type { Logger } from "pino";
import { isStoreUnavailable } from "../../drivers/store/unavailable.js";
import { stateOf } from "../../hosting/web/state.js";
import { Refusal } from "../../kit/index.js";
import { sendError } from "./answers.js";

/** What another server is told of an error: never a page, never a stack. */
interface Told {
  readonly status: number;
  readonly error: string;
}

/** What to tell; never 5xx for what they did wrong. What nobody expected is logged. */
export function verdictOnError(error: unknown, log: Logger): Told {
  if (error instanceof Refusal) return { status: error.status, error: error.code };
  const status = statusOf(error);
  if (status !== null) return { status, error: "bad request" };
  if (isStoreUnavailable(error)) {
    log.warn({ error: (error as Error).name }, "the store does not answer");
    return { status: 503, error: "unavailable" };
  }
  log.error({ err: error }, "federation failed");
  return { status: 500, error: "internal error" };
}

/** The last middleware of what other servers ask for. */
export const plainErrors: ErrorRequestHandler = (problem: unknown, _req, res, next) => {
  if (res.headersSent) return next(problem);
  const { status, error } = verdictOnError(problem, stateOf(res).log);
  if (status === 503) res.set("Retry-After", "60");
  sendError(res, status, error);
};

/** The status of a client's fault that was found in reading, such as a body that is too large. */
function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("status" in error)) return null;
  const { status } = error;
  return typeof status === "number" && status >= 400 && status < 500 ? status : null;
}
