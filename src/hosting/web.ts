import type { RequestListener } from "node:http";
import cookieParser from "cookie-parser";
import express, { type Request, type RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import type { Store } from "../drivers/store/collection.js";
import type { Member } from "../kit/context.js";
import type { Feature, SignIn } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import { Refusal } from "../kit/refusal.js";
import type { Route } from "../kit/route.js";
import type { Assets } from "./assets.js";
import type { Contexts } from "./contexts.js";
import type { Instances } from "./instances.js";
import type { Readers } from "./readers.js";
import { serveMetrics, type Health } from "./health.js";
import type { Metrics } from "./metrics.js";
import { resolveHost, type Trusts } from "./resolve-host.js";
import { createPassport, sessionCookie, sessionFor } from "./session.js";
import type { Views } from "./views.js";
import { textCookies } from "./web/cookies.js";
import { createCsrf } from "./web/csrf.js";
import { openDoor, type NetworkSide } from "./web/door.js";
import { errorHandler } from "./web/error-page.js";
import { securityHeaders } from "./web/headers.js";
import { cacheControl, createKeptAnswers } from "./web/kept-answers.js";
import { chooseLanguage, languageOf } from "./web/locale.js";
import { onTheWayTo, openRequest, tellRequest } from "./web/opening.js";
import { createReplier, reqOf } from "./web/reply.js";
import { showError, siteModelOf } from "./web/site-model.js";
import { ctxOf, stateOf } from "./web/state.js";
import { refuseBadTargets } from "./web/targets.js";
import { readUploads } from "./web/uploads.js";

/** What the web side is made of. */
export interface WebParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly instances: Instances;
  readonly contexts: Contexts;
  readonly features: readonly Feature[];
  readonly views: Views;
  readonly assets: Assets;
  readonly secret: string;
  /** Told of whoever asks for a page. */
  readonly readers: Readers;
  readonly health: Health;
  /** Null when nobody may read them. */
  readonly metrics: Metrics | null;
  readonly trustProxy: string | null;
  /** What other servers ask for. Null when federation is absent. */
  readonly federation: NetworkSide | null;
}

/** The web side of the whole deployment; the order of its middleware is its security. */
export function createWeb(parts: WebParts): RequestListener {
  const app = express();
  app.disable("x-powered-by");
  if (parts.trustProxy !== null) app.set("trust proxy", trustValue(parts.trustProxy));
  const signIn = signInOf(parts.features);
  const csrf = createCsrf(parts.secret);
  const passport = createPassport(signIn, ctxOf);
  const siteModel = siteModelOf(parts, csrf);
  const reply = createReplier({ views: parts.views, siteModel, passport });

  app.use(openRequest(parts), onTheWayTo("(assets)"));
  app.use(tellRequest, securityHeaders, parts.assets.middleware, onTheWayTo("(operation)"));
  app.use(operation(parts), onTheWayTo("(none)"), resolveHost(parts));
  if (parts.federation !== null) {
    app.use(onTheWayTo("(network)"), parts.federation.middleware, onTheWayTo("(none)"));
  }
  app.use((_req, _res, next) => {
    parts.readers.came();
    next();
  });
  const { serve } = createKeptAnswers({ ...parts, changes: parts.store.changes, onlyReads });
  app.use(cookieParser(), textCookies, serve);
  app.use(visitorContext(parts), chooseLanguage, sessions(parts));
  app.use(ifInSession(passport.session() as RequestHandler), memberContext(parts));
  app.use(express.urlencoded({ extended: false, limit: "256kb", parameterLimit: 200 }));
  for (const route of parts.features.flatMap((feature) => feature.routes)) {
    const handler: RequestHandler = async (req, res) => {
      const state = stateOf(res);
      state.route = route.path;
      return reply(req, res, await route.handler(state.ctx, reqOf(req)));
    };
    const first = route.admits === undefined ? [] : [admission(route.admits)];
    if (route.method === "GET") app.get(route.path, ...first, handler);
    else if (route.fromAnywhere === true) app.post(route.path, ...first, handler);
    else app.post(route.path, ...first, readUploads(route.uploads), csrf.protect, handler);
  }
  app.use((_req, _res, next) => next(new Refusal("not-found")));
  app.use(errorHandler((req, res, error) => showError(parts, siteModel, req, res, error)));
  const { federation, instances, metrics, ids } = parts;
  const pages = app as RequestListener;
  const trusts = app.get("trust proxy fn") as Trusts;
  const behind = { instances, trusts, ids, pages };
  const door = federation === null ? pages : openDoor({ ...behind, federation });
  return refuseBadTargets(metrics === null ? door : metrics.watched(door));
}

/** What supervisors ask, at exactly these addresses: proxies close them by name, to the letter. */
function operation({ metrics, health }: WebParts): RequestHandler {
  const router = express.Router({ strict: true, caseSensitive: true });
  router.get("/metrics", (req, res) => serveMetrics(metrics, req, res));
  router.get("/healthz", (_req, res) => health.alive(res));
  router.get("/readyz", (_req, res) => health.ready(res));
  return router;
}

/** Lets nobody see that there is a route who is not to know of it. */
function admission(admits: NonNullable<Route["admits"]>): RequestHandler {
  return async (_req, res, next) => {
    await admits(stateOf(res).ctx);
    next();
  };
}

function signInOf(features: readonly Feature[]): SignIn {
  const found = features.find((feature) => feature.signIn !== null)?.signIn;
  if (found == null) throw new Error("One feature has to provide sign-in.");
  return found;
}

function trustValue(value: string): string | number | boolean {
  if (/^\d+$/.test(value)) return Number(value);
  return value === "true" ? true : value === "false" ? false : value;
}

function visitorContext({ contexts }: WebParts): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(res);
    const { instance, log, watch } = state;
    const language = languageOf(req, instance.language);
    res.set("Cache-Control", cacheControl);
    state.ctx = contexts({
      ...{ instance, member: null, language, log, watch },
      request: () => state.requestId,
    });
    next();
  };
}

function memberContext({ contexts }: WebParts): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(res);
    if (req.user !== undefined) {
      const { instance, log, ctx } = state;
      const member = req.user as Member;
      state.ctx = contexts({
        ...{ instance, member, language: ctx.language, log },
        request: () => state.requestId,
      });
    }
    next();
  };
}

function sessions({ store, clock, secret }: WebParts): RequestHandler {
  const perInstance = new LRUCache<string, RequestHandler>({ max: 2_000 });
  return (req, res, next) => {
    const { instance } = stateOf(res);
    if (onlyReads(req, instance)) return next();
    const known = perInstance.get(instance._id);
    const middleware = known ?? sessionFor(instance, store, clock, secret);
    if (known === undefined) perInstance.set(instance._id, middleware);
    void middleware(req, res, next);
  };
}

/** Whoever reads without a session's cookie is a visitor: there is nothing to look up or to make. */
function onlyReads(req: Request, instance: Instance): boolean {
  const cookies = req.cookies as Record<string, unknown>;
  const reads = req.method === "GET" || req.method === "HEAD";
  return reads && cookies[sessionCookie(instance)] === undefined;
}

function ifInSession(middleware: RequestHandler): RequestHandler {
  return (req, res, next) => {
    if ((req as Partial<Request>).session === undefined) return next();
    void middleware(req, res, next);
  };
}
