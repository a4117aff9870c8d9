import type { CookieOptions, RequestHandler, Response } from "express";
import type { Instance } from "../../kit/instance.js";
import { stateOf } from "./state.js";

/** Whether people reach the instance by HTTPS: its origin says so, wherever TLS ends. */
export function speaksHttps(instance: Pick<Instance, "origin">): boolean {
  return instance.origin.startsWith("https:");
}

/** How every cookie of ours is set: for this host alone, out of the reach of scripts. */
export function cookieFlags(res: Response): CookieOptions {
  const secure = speaksHttps(stateOf(res).instance);
  return { httpOnly: true, sameSite: "lax", path: "/", secure };
}

/** Drops what cookie-parser made of `j:` values: a cookie is text. */
export const textCookies: RequestHandler = (req, _res, next) => {
  const cookies = req.cookies as Record<string, unknown>;
  req.cookies = Object.assign(
    Object.create(null) as object,
    Object.fromEntries(Object.entries(cookies).filter(([, value]) => typeof value === "string")),
  );
  next();
};
