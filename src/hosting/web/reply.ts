import type { Request, Response } from "express";
import type { PassportStatic } from "passport";
import type { Flash, Reply, Req } from "../../kit/route.js";
import type { SiteModel } from "../../kit/site-model.js";
import type { Views } from "../views.js";
import { sessionCookie } from "../session.js";
import { alternateLink } from "./alternate.js";
import { cookieFlags } from "./cookies.js";
import { keepFlash } from "./flash.js";
import { sendAnswer } from "./kept-answers.js";
import { createKeptPages } from "./kept-pages.js";
import { keepRemembered, rememberedBy } from "./memory.js";
import { stateOf } from "./state.js";

interface ReplyParts {
  readonly views: Views;
  readonly siteModel: (req: Request, res: Response) => Promise<SiteModel>;
  readonly passport: InstanceType<PassportStatic["Passport"]>;
}

/** Turns a feature's answer into HTTP. */
export type Replier = (req: Request, res: Response, reply: Reply) => Promise<void>;

/** Bind what rendering and signing in need. */
export function createReplier(parts: ReplyParts): Replier {
  const render = createKeptPages(parts.views);
  async function send(req: Request, res: Response, reply: Reply): Promise<void> {
    switch (reply.kind) {
      case "page": {
        if (!takesPage(req)) return notAcceptable(res);
        const site = await parts.siteModel(req, res);
        const { html, shared } = render(reply.page.template, reply.model, site);
        const { keep } = stateOf(res);
        const { alternateActivity } = reply.model.head;
        const link = alternateActivity === null ? null : alternateLink(alternateActivity);
        if (shared && reply.status === 200 && keep !== undefined)
          return sendAnswer(res, keep(html, link));
        if (link !== null) res.set("Link", link);
        res.vary("Accept").status(reply.status).type("html").send(html);
        return;
      }
      case "redirect":
        return leave(res, reply.to, reply.flash, reply.status);
      case "text":
        res.status(reply.status).type(reply.type).send(reply.body);
        return;
      case "json":
        res.status(reply.status).json(reply.body);
        return;
      case "file":
        return sendFile(res, reply);
      case "remember":
        keepRemembered(res, reply.name, reply.value);
        return send(req, res, reply.reply);
      case "sign-in":
        await logIn(req, { _id: reply.memberId });
        return leave(res, reply.to, reply.flash, 303);
      case "sign-out":
        await logOut(req, res);
        return leave(res, reply.to, reply.flash, 303);
      case "authenticate": {
        const outcome = await authenticate(parts.passport, reply.strategy, req, res);
        if (outcome.user === null) return send(req, res, await reply.refused(outcome.reason));
        await logIn(req, outcome.user);
        return leave(res, reply.to, null, 303);
      }
    }
  }
  return send;
}

/** Nothing in a file may run or load anything, and nobody may take it for another type. */
function sendFile(res: Response, { type, body }: Extract<Reply, { kind: "file" }>): void {
  res
    .status(200)
    .set({
      "Content-Type": type,
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "cross-origin",
      "Cache-Control": "public, max-age=31536000, immutable",
    })
    .send(body);
}

/** Whether who reads takes a page; what was posted is answered with one where that is all there is. */
function takesPage(req: Request): boolean {
  const isRead = req.method === "GET" || req.method === "HEAD";
  return req.accepts(isRead ? ["html"] : ["html", "json"]) !== false;
}

/** A page is all there is (RFC 9110, section 15.5.7); clients for people always take one. */
function notAcceptable(res: Response): void {
  res
    .vary("Accept")
    .status(406)
    .json({ error: "not-acceptable", available: ["text/html"] });
}

function leave(res: Response, to: string, flash: Flash | null, status: number): void {
  if (flash !== null) keepFlash(res, flash);
  res.redirect(status, to);
}

function logIn(req: Request, user: object): Promise<void> {
  return new Promise((resolve, reject) => {
    req.login(user, (error?: unknown) => (error == null ? resolve() : reject(asError(error))));
  });
}

/** Ends the session; nothing of it is left, neither here nor in the browser. */
function logOut(req: Request, res: Response): Promise<void> {
  res.clearCookie(sessionCookie(stateOf(res).instance), cookieFlags(res));
  return new Promise((resolve, reject) => {
    req.session.destroy((error?: unknown) => (error == null ? resolve() : reject(asError(error))));
  });
}

function authenticate(
  passport: ReplyParts["passport"],
  strategy: string,
  req: Request,
  res: Response,
): Promise<{ user: object | null; reason: string | null }> {
  return new Promise((resolve, reject) => {
    const nobody = { user: null, reason: null };
    const done = (
      error: unknown,
      user?: object | false | null,
      info?: { message?: string },
    ): void =>
      error == null
        ? resolve({ user: user || null, reason: info?.message ?? null })
        : reject(asError(error));
    const middleware = passport.authenticate(strategy, done) as (
      req: Request,
      res: Response,
      next: (error?: unknown) => void,
    ) => void;
    middleware(req, res, (error) => (error == null ? resolve(nobody) : reject(asError(error))));
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("signing in failed");
}

function firstOf(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : "";
}

/** The request as features see it. */
export function reqOf(req: Request): Req {
  const query = Object.entries(req.query).map(([name, value]): [string, string] => [
    name,
    firstOf(value),
  ]);
  const params = Object.entries(req.params).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return {
    method: req.method === "POST" ? "POST" : "GET",
    url: req.originalUrl,
    path: req.path,
    params: Object.fromEntries(params),
    query: Object.fromEntries(query),
    body: (req.body as Record<string, unknown> | undefined) ?? {},
    files: stateOf(req.res as Response).files ?? {},
    ip: req.ip ?? "",
    remembered: rememberedBy(req),
    wantsJson: req.accepts(["html", "json"]) === "json",
  };
}
