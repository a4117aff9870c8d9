import { doubleCsrf, type DoubleCsrfUtilities } from "csrf-csrf";
import type { Request, RequestHandler } from "express";
import { Refusal } from "../../kit/refusal.js";

/** Form tokens: a signed double submit, bound to the session of a signed-in member. */
export interface Csrf {
  /** The token for the forms of this answer; sets its cookie. Call before the answer is sent. */
  tokenFor(req: Request): string;
  /** Refuses ("expired-form") a POST from another site or without its token. */
  readonly protect: RequestHandler;
}

/** Tokens under `secret`; `secure` adds the `__Host-` prefix, which ties the cookie to one host. */
export function createCsrf(secret: string): Csrf {
  const plain = utilities(secret, false);
  const secure = utilities(secret, true);
  const of = (req: Request): DoubleCsrfUtilities => (req.secure ? secure : plain);
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
    getSessionIdentifier: (req) => (req.user === undefined ? "visitor" : req.sessionID),
    cookieName: secure ? "__Host-form" : "form",
    cookieOptions: { sameSite: "strict", path: "/", secure, httpOnly: true },
    getCsrfTokenFromRequest: (req) => {
      const body = req.body as Record<string, unknown> | undefined;
      const token = req.get("x-csrf-token") ?? body?.["_csrf"];
      return typeof token === "string" ? token : null;
    },
  });
}

/** Browsers say where a request comes from (Fetch Metadata); older ones say nothing. */
function fromAnotherSite(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}
