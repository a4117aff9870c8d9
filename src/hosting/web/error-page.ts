import type { ErrorRequestHandler, Request, Response } from "express";
import { isMediaUnavailable } from "../../drivers/media.js";
import { isStoreUnavailable } from "../../drivers/store/unavailable.js";
import { Refusal } from "../../kit/refusal.js";
import { stateOf } from "./state.js";

/** How an error looks from outside: a status, a safe code, and the wrong fields if any. */
export interface SafeError {
  readonly status: number;
  readonly code: string;
  readonly errors: Refusal["errors"];
}

/** What to tell about an error; anything unexpected is a 500 without particulars. */
export function safeError(error: unknown): SafeError {
  if (error instanceof Refusal) {
    return { status: error.status, code: error.code, errors: error.errors };
  }
  if (isStoreUnavailable(error)) return { status: 503, code: "store-unavailable", errors: [] };
  if (isMediaUnavailable(error)) {
    return { status: 503, code: "media-unavailable", errors: [] };
  }
  const status = clientStatus(error);
  return { status, code: status === 500 ? "internal" : `http-${status}`, errors: [] };
}

/** Seconds to wait where it takes longer: a site that is suspended, and a server asking a deleted one. */
const retryAfter: Readonly<Partial<Record<string, number>>> = {
  "site-suspended": 600,
  unavailable: 3_600,
};

/** The last middleware: logs what is a bug, answers page or JSON alike. */
export function errorHandler(
  show: (req: Request, res: Response, error: SafeError) => Promise<void> | void,
): ErrorRequestHandler {
  return async (error, req, res, next) => {
    const safe = safeError(error);
    const { log, route } = stateOf(res);
    if (safe.code === "store-unavailable")
      log.warn({ error: (error as Error).name }, "the store does not answer");
    else if (isMediaUnavailable(error))
      log.warn({ error: error.message }, "pictures can be neither kept nor shown");
    else if (safe.status >= 500 && !(error instanceof Refusal))
      log.error({ err: error as unknown, method: req.method, route }, "request failed");
    else log.debug({ code: safe.code, status: safe.status }, "request refused");
    if (res.headersSent) return next(error);
    res.status(safe.status).set("Cache-Control", "no-store");
    if (safe.status === 503) res.set("Retry-After", String(retryAfter[safe.code] ?? 10));
    if (!takesPage(req)) {
      res.json({ error: safe.code, errors: safe.errors });
      return;
    }
    try {
      await show(req, res, safe);
    } catch (failure) {
      log.error({ err: failure }, "error page failed");
      if (res.headersSent) return next(failure);
      res.type("text/plain").send(`${safe.code}\n`);
    }
  };
}

/** Other servers and scripts are told in JSON: who takes no page, or sends JSON and takes anything. */
function takesPage(req: Request): boolean {
  const order = req.is(["json", "+json"]) ? ["json", "html"] : ["html", "json"];
  return req.accepts(order) === "html";
}

/** The 4xx status that Express and its parsers put on errors of the client; else 500. */
function clientStatus(error: unknown): number {
  if (typeof error !== "object" || error === null || !("status" in error)) return 500;
  const { status } = error;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}
