import type { ServerResponse } from "node:http";
import type { Response } from "express";
import { ACTIVITY_JSON, withContext, type As2 } from "../vocabulary.js";
import type { Found } from "../documents/found.js";

function jsonHeaders(type: string): Record<string, string> {
  return {
    "Access-Control-Allow-Origin": "*",
    "Content-Type": `${type}; charset=utf-8`,
    "X-Content-Type-Options": "nosniff",
  };
}

/** Answer JSON that any site's script may read; caches keep it apart by `Accept`. */
export function sendJson(res: Response, status: number, type: string, body: unknown): void {
  res
    .status(status)
    .set(jsonHeaders(type))
    .vary("Accept")
    .send(Buffer.from(JSON.stringify(body)));
}

/** Answer a document of the network; what is private is kept by no shared cache. */
export function sendDocument(
  res: Response,
  status: number,
  body: As2,
  isPrivate: boolean = false,
): void {
  const open = status === 200 ? "public, max-age=60" : "no-cache";
  res.set("Cache-Control", isPrivate ? "private" : open);
  sendJson(res, status, ACTIVITY_JSON, withContext(body));
}

/** A refusal as JSON: a fixed word, never what was asked for, never a stack. */
export function sendError(
  res: Response,
  status: number,
  error: string,
  isPrivate: boolean = false,
): void {
  res.set("Cache-Control", isPrivate ? "private, no-cache" : "no-cache");
  sendJson(res, status, "application/json", { error });
}

/** The same refusal where Express has not seen the request. */
export function sendPlainError(res: ServerResponse, status: number, error: string): void {
  const body = Buffer.from(JSON.stringify({ error }));
  const told = { "Cache-Control": "no-cache", Vary: "Accept", "Content-Length": body.length };
  res.writeHead(status, { ...jsonHeaders("application/json"), ...told });
  res.end(body);
}

/** Any site's script may read what we tell other servers, signed or not (Fetch, section 3.2). */
export function sendPreflight(res: Response): void {
  res
    .set({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
      "Access-Control-Allow-Headers": "Accept, Date, Digest, Signature, Signature-Input",
      "Access-Control-Max-Age": "86400",
      Allow: "GET, HEAD, OPTIONS",
    })
    .status(204)
    .end();
}

/** Answer with what was found: 200, 410 with a Tombstone, a way elsewhere, 404 or 406. */
export function sendFound(res: Response, found: Found, isPrivate: boolean = false): void {
  switch (found.kind) {
    case "document":
      return sendDocument(res, 200, found.body, isPrivate);
    case "gone":
      return sendDocument(res, 410, found.body, isPrivate);
    case "elsewhere":
      return res.set("Access-Control-Allow-Origin", "*").redirect(303, found.uri);
    case "only-page":
      return sendError(res, 406, "there is text/html", isPrivate);
    case "nothing":
      return sendError(res, 404, "not found", isPrivate);
  }
}
