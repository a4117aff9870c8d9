import { Router, type ErrorRequestHandler, type RequestHandler } from "express";
import { stateOf } from "../hosting/web/state.js";
import { defineFeature, Refusal, type Feature } from "../kit/index.js";
import { sendError } from "./http/answers.js";
import { serveDiscovery } from "./http/discovery.js";
import { serveDocuments } from "./http/documents.js";
import { federationCollections } from "./records.js";
import { createServices, type FederationParts } from "./services.js";

export type { FederationParts } from "./services.js";

/** ActivityPub, as the composition root sees it. */
export interface Federation {
  readonly feature: Feature;
  /** Claims what other servers ask for; everything for people goes on to the next. */
  readonly middleware: RequestHandler;
  close(): Promise<void>;
}

/** Make all of federation: one more manifest, and one middleware after host resolution. */
export function createFederation(parts: FederationParts): Federation {
  const services = createServices(parts);
  const middleware = Router({ caseSensitive: true, strict: true });
  middleware.use(serveDiscovery(services), serveDocuments(services), plainErrors);
  return {
    feature: defineFeature({ name: "federation", collections: federationCollections }),
    middleware,
    close: () => services.close(),
  };
}

/** Other servers get JSON: never a page, never a stack. */
const plainErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  if (error instanceof Refusal) return sendError(res, error.status, error.code);
  stateOf(res).log.error({ err: error }, "federation failed");
  sendError(res, 500, "internal error");
};
