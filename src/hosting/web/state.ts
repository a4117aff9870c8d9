import type { Request, Response } from "express";
import type { Logger } from "pino";
import type { Ctx } from "../../kit/context.js";
import type { UploadedFile } from "../../kit/route.js";
import type { Instance } from "../../kit/instance.js";
import type { Answer } from "./kept-answers.js";

/** What the middleware before has found out about a request. */
export interface RequestState {
  requestId: string;
  log: Logger;
  instance: Instance;
  /** The pattern of the route that answers, for figures; never an address. */
  route?: string;
  ctx: Ctx;
  /** Files of the form that was sent. */
  files?: Readonly<Record<string, UploadedFile>>;
  /** Notes what a visitor's page is made of, where it may be kept. */
  watch?: (collection: string | null) => void;
  /** Keeps a finished page for the next visitor; returns it as it is to be sent. */
  keep?: (html: string, link: string | null) => Answer;
}

/** The state of a request, filled step by step by `web.ts`. */
export function stateOf(res: Response): RequestState {
  return res.locals as RequestState;
}

/** The `Ctx` of the request that Passport is looking at. */
export function ctxOf(req: Request): Ctx {
  if (req.res === undefined) throw new Error("A request has its response in Express.");
  return stateOf(req.res).ctx;
}
