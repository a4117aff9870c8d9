import cookieParser from "cookie-parser";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import type { Store } from "../drivers/store/collection.js";
import { hasRole, type Member } from "../kit/context.js";
import type { Feature, SignIn } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import { head } from "../kit/page.js";
import { picturesOf } from "./web/pictures.js";
import { Refusal } from "../kit/refusal.js";
import type { SiteModel } from "../kit/site-model.js";
import type { Assets } from "./assets.js";
import type { Contexts } from "./contexts.js";
import type { Instances } from "./instances.js";
import { resolveHost } from "./resolve-host.js";
import { createPassport, sessionCookie, sessionFor } from "./session.js";
import type { Views } from "./views.js";
import { textCookies } from "./web/cookies.js";
import { createCsrf, type Csrf } from "./web/csrf.js";
import { errorHandler, type SafeError } from "./web/error-page.js";
import { takeFlash } from "./web/flash.js";
import { securityHeaders } from "./web/headers.js";
import { cacheControl, createKeptAnswers } from "./web/kept-answers.js";
import { chooseLanguage, languageOf, pathInLanguage } from "./web/locale.js";
import { createReplier, reqOf } from "./web/reply.js";
import { ctxOf, stateOf } from "./web/state.js";
import { readUploads } from "./web/uploads.js";

/** The side of the web that talks with other servers. */
export interface NetworkSide {
  /** Whether what is posted there is not for people; such requests are taken before all others. */
  isInbox(path: string): boolean;
  /** Takes a POST to an inbox, its instance being found; has no need of what pages need. */
  readonly inbox: RequestHandler;
  /** Claims what else is not for people. */
  readonly middleware: RequestHandler;
}

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
  readonly trustProxy: string | null;
  /** What other servers ask for. Null when federation is absent. */
  readonly federation: NetworkSide | null;
}

const languageNames = { fr: "Français", en: "English" } as const;

/** The Express application of the whole deployment; the order of its middleware is its security. */
export function createWeb(parts: WebParts): Express {
  const app = express();
  app.disable("x-powered-by");
  if (parts.trustProxy !== null) app.set("trust proxy", trustValue(parts.trustProxy));
  const signIn = signInOf(parts.features);
  const csrf = createCsrf(parts.secret);
  const passport = createPassport(signIn, ctxOf);
  const siteModel = siteModelOf(parts, csrf);
  const reply = createReplier({ views: parts.views, siteModel, passport });

  const toInstance = resolveHost(parts);

  app.use(openRequest(parts), inboxFirst(parts, toInstance));
  app.use(tellRequest, securityHeaders, parts.assets.middleware);
  app.get("/healthz", (_req, res) => void res.type("text/plain").send("ok\n"));
  app.get("/readyz", readiness(parts.store));
  app.use(toInstance);
  if (parts.federation !== null) app.use(parts.federation.middleware);
  const { serve } = createKeptAnswers({ ...parts, changes: parts.store.changes, onlyReads });
  app.use(cookieParser(), textCookies, serve);
  app.use(visitorContext(parts), chooseLanguage, sessions(parts));
  app.use(ifInSession(passport.session() as RequestHandler), memberContext(parts));
  app.use(express.urlencoded({ extended: false, limit: "256kb", parameterLimit: 200 }));
  for (const route of parts.features.flatMap((feature) => feature.routes)) {
    const handler: RequestHandler = async (req, res) =>
      reply(req, res, await route.handler(stateOf(res).ctx, reqOf(req)));
    if (route.method === "GET") app.get(route.path, handler);
    else if (route.fromAnywhere === true) app.post(route.path, handler);
    else app.post(route.path, readUploads(route.uploads), csrf.protect, handler);
  }
  app.use((_req, _res, next) => next(new Refusal("not-found")));
  app.use(errorHandler((req, res, error) => showError(parts, siteModel, req, res, error)));
  return app;
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

/** Gives the request its id and its log; both are made when somebody asks for them. */
function openRequest({ ids, log }: WebParts): RequestHandler {
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

const tellRequest: RequestHandler = (_req, res, next) => {
  res.set("X-Request-Id", stateOf(res).requestId);
  next();
};

/**
 * Inboxes take most of the requests of a busy instance, thousands a second, and need nothing of what
 * pages need. What no instance claims goes the way of all requests, and is refused there.
 */
function inboxFirst({ federation }: WebParts, toInstance: RequestHandler): RequestHandler {
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

function readiness(store: Store): RequestHandler {
  return async (_req, res) => {
    try {
      await store.collection("instances").findOne({});
      res.type("text/plain").send("ready\n");
    } catch {
      res.status(503).set("Retry-After", "5").type("text/plain").send("not ready\n");
    }
  };
}

function visitorContext({ contexts }: WebParts): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(res);
    const { instance, log, watch } = state;
    const language = languageOf(req, instance.language);
    res.set("Cache-Control", cacheControl);
    state.ctx = contexts({ instance, member: null, language, log, watch });
    next();
  };
}

function memberContext({ contexts }: WebParts): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(res);
    if (req.user !== undefined) {
      const { instance, log, ctx } = state;
      const member = req.user as Member;
      state.ctx = contexts({ instance, member, language: ctx.language, log });
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

function siteModelOf(parts: WebParts, csrf: Csrf) {
  const unread = parts.features.find((feature) => feature.unread !== null)?.unread ?? null;
  return async (req: Request, res: Response): Promise<SiteModel> => {
    let token: string | null = null;
    const { ctx, instance, requestId } = stateOf(res);
    const { member } = ctx;
    const count = member === null || unread === null ? 0 : await unread(ctx);
    return {
      ...frame(parts, instance, ctx.language),
      otherLanguages: (["fr", "en"] as const)
        .filter((code) => code !== ctx.language)
        .map((code) => ({ code, name: languageNames[code], url: pathInLanguage(res, code) })),
      path: req.originalUrl,
      member:
        member === null
          ? null
          : {
              name: member.name,
              unread: count,
              canModerate: hasRole(member, "moderator"),
              canAnswer: hasRole(member, "official"),
              isAdmin: hasRole(member, "admin"),
            },
      get csrf() {
        return (token ??= csrf.tokenFor(req));
      },
      flash: takeFlash(req, ctx.t),
      requestId,
    };
  };
}

function frame(
  parts: WebParts,
  instance: Pick<Instance, "name" | "kind" | "hue" | "timezone" | "profile">,
  language: SiteModel["language"],
) {
  return {
    instanceName: instance.name,
    instanceKind: instance.kind,
    language,
    colour: String(instance.hue),
    assets: parts.assets.urls,
    now: parts.clock.now(),
    timezone: instance.timezone,
    ...picturesOf(instance),
  };
}

/** Error pages work at any point of the chain: before an instance or a session is known, too. */
async function showError(
  parts: WebParts,
  siteModel: (req: Request, res: Response) => Promise<SiteModel>,
  req: Request,
  res: Response,
  error: SafeError,
): Promise<void> {
  const state = stateOf(res) as Partial<ReturnType<typeof stateOf>>;
  const known = [401, 403, 404, 410, 421, 429, 500, 503].includes(error.status);
  const template =
    error.code === "being-set-up"
      ? "set-up/waiting"
      : `errors/${known ? error.status : error.status < 500 ? 400 : 500}`;
  const send = (site: SiteModel): void => {
    const title = parts.views.text(`${template.replace("/", ".")}.title`, site);
    const reason = parts.views.text(`refusals.${error.code}`, site);
    const model = { head: head(title ?? String(error.status), { noIndex: true }), reason };
    res.type("html").send(parts.views.render(template, model, site));
  };
  if (state.ctx !== undefined) return send(await siteModel(req, res));
  const language = (req.acceptsLanguages(["fr", "en"]) || "fr") as SiteModel["language"];
  const nobody = { name: "Parvis", kind: "city", hue: 195, timezone: "UTC" } as const;
  const site: SiteModel = {
    ...frame(parts, nobody, language),
    otherLanguages: [],
    path: "/",
    member: null,
    csrf: null,
    flash: null,
    requestId: state.requestId ?? "",
  };
  send(site);
}
