import type { Request, RequestHandler, Response } from "express";
import { alternateLink } from "../../hosting/web/alternate.js";
import { stateOf } from "../../hosting/web/state.js";
import type { Ctx } from "../../kit/index.js";
import { document, nothing, type Found } from "../documents/found.js";
import { bareActor, createAdmit, type Admit } from "../policy/reads.js";
import type { Services } from "../services.js";
import { sendError, sendFound, sendPreflight } from "./answers.js";
import { acceptsActivity, prefersActivity, prefersPage } from "./negotiation.js";
import { placeAt, type Place } from "./places.js";

/** Serves actors, objects and collections, and lets everything meant for people through. */
export function serveDocuments(services: Services): RequestHandler {
  const admit = createAdmit(services);
  return async (req, res, next) => {
    const place = placeAt(services, req.path);
    if (place === null) return next();
    if (req.method === "OPTIONS") return sendPreflight(res);
    if (req.method !== "GET" && req.method !== "HEAD") {
      if (place.page === "here") return next();
      res.set("Allow", "GET, HEAD, OPTIONS");
      return sendError(res, 405, "method not allowed");
    }
    res.vary("Accept");
    if (place.page === "here" && !prefersActivity(req)) {
      if (place.named !== undefined) nameObject(res, await place.named(ctxOf(services, res), null));
      return next();
    }
    if (place.page !== null && place.page !== "here" && prefersPage(req)) {
      return res.redirect(303, place.page);
    }
    if (!acceptsActivity(req)) return sendError(res, 406, "there is application/activity+json");
    await answer(services, admit, place, { req, res });
  };
}

/** Name the object of a page that only leads on to another, where it cannot be named any more. */
function nameObject(res: Response, found: Found): void {
  const uri =
    found.kind === "elsewhere" ? found.uri : found.kind === "document" && found.body["id"];
  const link = typeof uri === "string" ? alternateLink(uri) : null;
  if (link !== null) res.set("Link", link);
}

function ctxOf({ parts }: Services, res: Response): Ctx {
  const { instance, log } = stateOf(res);
  return parts.contexts({ instance, member: null, language: instance.language, log });
}

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

async function answer(
  services: Services,
  admit: Admit,
  { actor, find, paged }: Place,
  { req, res }: Exchange,
): Promise<void> {
  const ctx = ctxOf(services, res);
  const reading = await admit(ctx, req, actor);
  const { isPrivate } = reading;
  if (isPrivate) res.vary("Signature").vary("Signature-Input");
  if (reading.kind === "refused") {
    if (reading.status === 429 || reading.status === 503) res.set("Retry-After", "60");
    return sendError(res, reading.status, reading.error, isPrivate);
  }
  const page = paged === true ? pageOf(req) : null;
  const found = page === undefined ? nothing : await find(ctx, page);
  const isBare = reading.kind === "bare" && found.kind === "document";
  sendFound(res, isBare ? document(bareActor(found.body)) : found, isPrivate);
}

/** The page that is asked for: an id of ours, or empty for the first; undefined for what is none. */
function pageOf(req: Request): string | null | undefined {
  const page = req.query["page"];
  if (page === undefined) return null;
  return typeof page === "string" && /^(?:[0-9a-z]{26,64})?$/.test(page) ? page : undefined;
}
