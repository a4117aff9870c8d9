import { readUrl } from "../../drivers/web-address.js";
import type { Visit } from "../../hosting/web/door.js";
import type { Ctx } from "../../kit/index.js";
import { clientOf } from "../client.js";
import type { SignedRequest } from "../signatures/request.js";
import type { ResolveKey } from "../signatures/verify.js";

/**
 * What a request looks like to who verifies it: its address has our own origin, whatever it says. A
 * target that is written whole (RFC 9112, 3.2.2) goes before the `Host` header.
 */
export function signedRequest(
  ctx: Ctx,
  req: Omit<Visit, "instance" | "request">,
  rawBody: Buffer,
): SignedRequest {
  const whole = req.originalUrl.startsWith("/") ? null : readUrl(req.originalUrl);
  const target = whole === null ? req.originalUrl : whole.pathname + whole.search;
  return {
    method: req.method,
    url: ctx.instance.origin + (target.startsWith("/") ? target : "/"),
    host: whole?.host ?? req.host ?? "",
    headers: req.headers,
    rawBody,
  };
}

/** Looks for the keys that a request names, and counts that as its client's wish. */
export function lookingFor(req: Pick<Visit, "ip">, resolveKey: ResolveKey): ResolveKey {
  const client = clientOf(req.ip ?? "");
  return (keyId, options) => resolveKey(keyId, { ...options, client });
}
