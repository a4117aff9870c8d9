import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import type { Ids } from "../../drivers/clock.js";
import { stateOf, type RequestState } from "./state.js";

/** Gives the request its id and its log; both are made when somebody asks for them. */
export function openRequest({ ids, log }: { ids: Ids; log: Logger }): RequestHandler {
  return (req, res, next) => {
    let requestId: string | null = null;
    let child: Logger | null = null;
    const state = stateOf(res);
    const id = (): string => (requestId ??= ids.next());
    Object.defineProperty(state, "requestId", { get: id, enumerable: true });
    const get = (): Logger => (child ??= log.child({ request: id(), ...whose(state) }));
    Object.defineProperty(state, "log", { get, enumerable: true });
    if (log.isLevelEnabled("debug")) tellAnswered(req, res);
    next();
  };
}

/** The city that a request is for, once it is known: it is before anybody has something to tell. */
function whose({ instance }: Partial<RequestState>): { instance?: string } {
  return instance === undefined ? {} : { instance: instance.host };
}

/** A line for each request: never its address, which may hold a one-time token, nor whose it is. */
function tellAnswered(req: Request, res: Response): void {
  const began = performance.now();
  res.once("close", () => {
    const { log, route = "(none)" } = stateOf(res);
    const ms = Math.round(performance.now() - began);
    log.debug({ method: req.method, route, status: res.statusCode, ms }, "request answered");
  });
}

/** Says what answers from here on, for figures, until somebody further down knows better. */
export function onTheWayTo(route: string): RequestHandler {
  return (_req, res, next) => {
    stateOf(res).route = route;
    next();
  };
}

/** Tells the asker the request's id. */
export const tellRequest: RequestHandler = (_req, res, next) => {
  res.set("X-Request-Id", stateOf(res).requestId);
  next();
};
