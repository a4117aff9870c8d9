import type { Request } from "express";
import { AS_CONTEXT } from "../vocabulary.js";

const activityTypes = ["application/activity+json", `application/ld+json; profile="${AS_CONTEXT}"`];

/**
 * Whether a request on a page's address asks for the object rather than for the page: by a type of
 * ActivityStreams, or as plain JSON, which is never answered with a page (requirement 22).
 */
export function prefersActivity(req: Request): boolean {
  if (req.headers.accept === undefined) return false;
  const chosen = req.accepts(["text/html", ...activityTypes, "application/json"]);
  return chosen !== false && chosen !== "text/html";
}

/** Whether a document of the network is anything to a request at all. */
export function acceptsActivity(req: Request): boolean {
  if (req.headers.accept === undefined) return true;
  return req.accepts([...activityTypes, "application/json"]) !== false;
}

/** Whether a request on an address without a page comes from a browser. */
export function prefersPage(req: Request): boolean {
  if (req.headers.accept === undefined) return false;
  return req.accepts([...activityTypes, "application/json", "text/html"]) === "text/html";
}
