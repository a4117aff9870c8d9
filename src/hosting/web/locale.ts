import type { Request, RequestHandler, Response } from "express";
import { negotiateLanguage } from "../../kit/i18n/index.js";
import type { Language } from "../../kit/instance.js";
import { cookieFlags } from "./cookies.js";

const yearMs = 365 * 24 * 3_600_000;

/** The reader's language: chosen (cookie), else the browser's, else the instance's. */
export function languageOf(req: Request, fallback: Language): Language {
  const cookies = req.cookies as Record<string, unknown>;
  const chosen = typeof cookies["lang"] === "string" ? cookies["lang"] : null;
  return negotiateLanguage({
    chosen,
    acceptLanguage: req.get("accept-language") ?? null,
    fallback,
  });
}

/** `?lang=fr|en` on any page keeps that choice in a cookie and leads to the page without it. */
export const chooseLanguage: RequestHandler = (req, res, next) => {
  const chosen = req.query["lang"];
  if (req.method !== "GET" || (chosen !== "fr" && chosen !== "en")) return next();
  res.cookie("lang", chosen, { ...cookieFlags(res), maxAge: yearMs });
  res.redirect(303, pathWithout(req, "lang"));
};

/** This page's address in another language. */
export function pathInLanguage(res: Response, language: Language): string {
  const url = localUrl(res.req);
  url.searchParams.set("lang", language);
  return pathAndQuery(url);
}

function pathWithout(req: Request, name: string): string {
  const url = localUrl(req);
  url.searchParams.delete(name);
  return pathAndQuery(url);
}

/** Without dot segments, `/.//elsewhere` would begin with `//` and name another host. */
function pathAndQuery({ pathname, search }: URL): string {
  return pathname.replace(/^\/+/, "/") + search;
}

/** Only path and query are read; a path such as `//elsewhere` stays a path. */
function localUrl(req: Request): URL {
  return new URL("http://here" + "/" + req.originalUrl.replace(/^[/\\]+/, ""));
}
