import type { Request, Response } from "express";
import { speaksHttps, cookieFlags } from "./cookies.js";
import { stateOf } from "./state.js";

const yearMs = 365 * 24 * 3_600_000;
const longest = 400;
const known = /^(?:__Host-)?remember-([a-z]{1,30})$/;

/** Under HTTPS the `__Host-` prefix keeps other hosts of the domain from setting it. */
function cookieName(res: Response, name: string): string {
  return `${speaksHttps(stateOf(res).instance) ? "__Host-" : ""}remember-${name}`;
}

/** Keep, or with null forget, what a visitor asked this browser to remember. */
export function keepRemembered(res: Response, name: string, value: string | null): void {
  const cookie = cookieName(res, name);
  if (value === null) res.clearCookie(cookie, cookieFlags(res));
  else res.cookie(cookie, value.slice(0, longest), { ...cookieFlags(res), maxAge: yearMs });
}

/** What this browser remembers, by name; whatever is too long to be ours is left out. */
export function rememberedBy(req: Request): Readonly<Record<string, string>> {
  const cookies = Object.entries((req.cookies ?? {}) as Record<string, unknown>);
  const { res } = req;
  return Object.fromEntries(
    cookies.flatMap(([cookie, value]): Array<[string, string]> => {
      const name = known.exec(cookie)?.[1];
      const isOurs = name !== undefined && res !== undefined && cookie === cookieName(res, name);
      return isOurs && typeof value === "string" && value.length <= longest ? [[name, value]] : [];
    }),
  );
}
