import type { RequestHandler } from "express";
import type { Logger } from "pino";
import type { Ids } from "../../drivers/clock.js";
import { stateOf } from "./state.js";

/** The side of the web that talks with other servers. */
export interface NetworkSide {
  /** Whether what is posted there is not for people; such requests are taken before all others. */
  isInbox(path: string): boolean;
  /** Takes a POST to an inbox, its instance being found; has no need of what pages need. */
  readonly inbox: RequestHandler;
  /** Claims what else is not for people. */
  readonly middleware: RequestHandler;
}

/** Gives the request its id and its log; both are made when somebody asks for them. */
export function openRequest({ ids, log }: { ids: Ids; log: Logger }): RequestHandler {
  return (_req, res, next) => {
    let requestId: string | null = null;
    let child: Logger | null = null;
    const state = stateOf(res);
    const id = (): string => (requestId ??= ids.next());
    Object.defineProperty(state, "requestId", { get: id, enumerable: true });
    const get = (): Logger => (child ??= log.child({ request: id() }));
    Object.defineProperty(state, "log", { get, enumerable: true });
    next();
  };
}

/** Tells the asker the request's id. */
export const tellRequest: RequestHandler = (_req, res, next) => {
  res.set("X-Request-Id", stateOf(res).requestId);
  next();
};

/**
 * Inboxes take most of the requests of a busy instance, thousands a second, and need nothing of what
 * pages need. What no instance claims goes the way of all requests, and is refused there.
 */
export function inboxFirst(
  federation: NetworkSide | null,
  toInstance: RequestHandler,
): RequestHandler {
  return (req, res, next) => {
    if (federation === null || req.method !== "POST" || !federation.isInbox(req.path)) {
      return next();
    }
    void toInstance(req, res, (problem?: unknown) => {
      if (problem !== undefined) return next();
      void federation.inbox(req, res, next);
    });
  };
}
