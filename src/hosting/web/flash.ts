import type { Request, Response } from "express";
import { z } from "zod";
import type { Translator } from "../../kit/i18n/index.js";
import type { Flash } from "../../kit/route.js";
import { cookieFlags } from "./cookies.js";

const flashSchema = z.object({
  kind: z.enum(["success", "notice", "error"]),
  key: z.string().regex(/^[a-z0-9.-]{1,80}$/),
  params: z.record(z.string().max(40), z.union([z.string().max(200), z.number()])).optional(),
});

/** Keep a short message for the next page, in a cookie of one minute. */
export function keepFlash(res: Response, flash: Flash): void {
  res.cookie("flash", JSON.stringify(flash), {
    ...cookieFlags(res),
    maxAge: 60_000,
  });
}

/** The message kept for this page, said in the reader's language, and forgotten. */
export function takeFlash(
  req: Request,
  t: Translator,
): { kind: Flash["kind"]; text: string } | null {
  const raw = (req.cookies as Record<string, unknown>)["flash"];
  if (typeof raw !== "string" || raw.length > 1000) return null;
  if (req.res !== undefined) req.res.clearCookie("flash", cookieFlags(req.res));
  try {
    const flash = flashSchema.parse(JSON.parse(raw));
    return { kind: flash.kind, text: t.t(flash.key, flash.params ?? {}) };
  } catch {
    return null;
  }
}
