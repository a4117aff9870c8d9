import type { RequestHandler } from "express";
import { actorCollectionAt } from "../addresses.js";
import { isAllowedType } from "../../drivers/fetch/media-types.js";
import type { Receive } from "../inbox/receive.js";
import { sendError } from "./answers.js";
import { readBody } from "./body.js";

/** The largest activity that is read; Mastodon's own limit. */
const largestBody = 1024 * 1024;

/** Whether a path is that of an inbox, the shared one or an actor's own. */
export function isInbox(path: string): boolean {
  return path === "/inbox" || actorCollectionAt(path)?.collection === "inbox";
}

/** The inboxes: the shared one and every actor's own are one door. Nobody reads them here. */
export function serveInbox(receive: Receive): RequestHandler {
  return (req, res, next) => {
    if (!isInbox(req.path)) return next();
    if (req.method === "GET" || req.method === "HEAD") {
      return sendError(res, 403, "an inbox is read by its owner alone");
    }
    if (req.method !== "POST") {
      res.set("Allow", "POST");
      return sendError(res, 405, "method not allowed");
    }
    if (!isAllowedType("activity", req.headers["content-type"] ?? "")) {
      return sendError(res, 415, "send application/activity+json");
    }
    readBody(req, largestBody, (problem, body) => {
      if (problem !== null) return next(problem);
      req.body = body;
      receive(req, res).then(({ status, error }) => {
        if (status === 429 || status === 503) res.set("Retry-After", "60");
        if (error === null) return void res.status(status).end();
        sendError(res, status, error);
      }, next);
    });
  };
}
