import type { ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { isAllowedType } from "../../drivers/fetch/media-types.js";
import type { TakeIn } from "../../hosting/web/door.js";
import { stateOf } from "../../hosting/web/state.js";
import { actorCollectionAt } from "../addresses.js";
import type { Receive, Verdict } from "../inbox/receive.js";
import { sendError, sendPlainError } from "./answers.js";
import { readBody } from "./body.js";
import { verdictOnError } from "./errors.js";

/** The largest activity that is read; Mastodon's own limit. */
const largestBody = 1024 * 1024;

/** Whether a path is that of an inbox, the shared one or an actor's own. */
export function isInbox(path: string): boolean {
  return path === "/inbox" || actorCollectionAt(path)?.collection === "inbox";
}

/** Takes what is posted to an inbox: the shared one and every actor's own are one door. */
export function createTakeIn(receive: Receive, log: Logger): TakeIn {
  return (visit, req, res) => {
    const { request, instance } = visit;
    res.setHeader("X-Request-Id", request);
    if (!isAllowedType("activity", req.headers["content-type"] ?? "")) {
      return sendPlainError(res, 415, "send application/activity+json");
    }
    const fail = (error: unknown): void =>
      answer(res, verdictOnError(error, log.child({ request, instance: instance.host })));
    readBody(req, largestBody, (problem, body) => {
      if (problem !== null) return fail(problem);
      receive({ ...visit, body }).then((verdict) => answer(res, verdict), fail);
    });
  };
}

function answer(res: ServerResponse, { status, error }: Verdict): void {
  if (status === 429 || status === 503) res.setHeader("Retry-After", "60");
  if (error !== null) return sendPlainError(res, status, error);
  res.statusCode = status;
  res.end();
}

/** The inboxes among the pages: nobody reads them here, and what was not taken at the door is. */
export function serveInbox(takeIn: TakeIn): RequestHandler {
  return (req, res, next) => {
    if (!isInbox(req.path)) return next();
    if (req.method === "GET" || req.method === "HEAD") {
      return sendError(res, 403, "an inbox is read by its owner alone");
    }
    if (req.method !== "POST") {
      res.set("Allow", "POST");
      return sendError(res, 405, "method not allowed");
    }
    const { method, originalUrl, headers, host, ip } = req;
    const { instance, requestId: request } = stateOf(res);
    takeIn({ instance, request, method, originalUrl, headers, host, ip }, req, res);
  };
}
