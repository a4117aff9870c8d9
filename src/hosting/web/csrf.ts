import { doubleCsrf, type DoubleCsrfUtilities } from "csrf-csrf";
import type { Request, RequestHandler } from "express";
import type { Instance } from "../../kit/instance.js";
import { Refusal } from "../../kit/refusal.js";
import { speaksHttps } from "./cookies.js";
import { stateOf } from "./state.js";

/** Form tokens: a signed double submit, bound to the session of a signed-in member. */
export interface Csrf {
  /** The token for the forms of this answer; sets its cookie. Call before the answer is sent. */
  tokenFor(req: Request): string;
  /** Refuses ("expired-form") a POST from another site or without its token. */
  readonly protect: RequestHandler;
}

/**
 * Tokens under `secret`, each for one instance and one session. Under HTTPS the `__Host-` prefix
 * ties the cookie to one host. It is sent along when a link of a mail is followed (`lax`): were it
 * not, the page would set a new one, and forms left open in other tabs would no longer be accepted.
 */
export function createCsrf(secret: string): Csrf {
  const plain = utilities(secret, false);
  const secure = utilities(secret, true);
  const of = (req: Request): DoubleCsrfUtilities => (speaksHttps(instanceOf(req)) ? secure : plain);
  return {
    tokenFor(req) {
      if (req.res === undefined) throw new Error("A request has its response in Express.");
      return of(req).generateCsrfToken(req, req.res);
    },
    protect(req, _res, next) {
      if (req.method === "GET" || req.method === "HEAD") return next();
      if (fromAnotherSite(req) || !of(req).validateRequest(req)) {
        return next(new Refusal("expired-form"));
      }
      next();
    },
  };
}

function utilities(secret: string, secure: boolean): DoubleCsrfUtilities {
  return doubleCsrf({
    getSecret: () => secret,
    getSessionIdentifier: (req) =>
      `${instanceOf(req)._id}/${req.user === undefined ? "visitor" : req.sessionID}`,
    cookieName: secure ? "__Host-form" : "form",
    cookieOptions: { sameSite: "lax", path: "/", secure, httpOnly: true },
    getCsrfTokenFromRequest: (req) => {
      const body = req.body as Record<string, unknown> | undefined;
      const token = req.get("x-csrf-token") ?? body?.["_csrf"];
      return typeof token === "string" ? token : null;
    },
  });
}

function instanceOf(req: Request): Instance {
  if (req.res === undefined) throw new Error("A request has its response in Express.");
  return stateOf(req.res).instance;
}

/** Browsers say where a request comes from (Fetch Metadata); older ones say nothing. */
export function fromAnotherSite(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}
