import type { Request, RequestHandler } from "express";
import { Refusal } from "../kit/refusal.js";
import type { Instances } from "./instances.js";
import { stateOf } from "./web/state.js";

/** A Host header reduced to its name: lower case, without port or trailing dot; null when odd. */
export function hostName(header: string | undefined): string | null {
  if (header === undefined || header.length > 260) return null;
  const match = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.exec(header);
  const name = match?.[1]?.toLowerCase().replace(/\.$/, "");
  return name === undefined || name === "" ? null : name;
}

/**
 * Finds the instance a request is for. Unknown host: 421 (RFC 9110, section 15.5.20). An alias leads
 * to the canonical host for good. A suspended instance answers 503, never 404 or 410, since
 * those make other servers delete what they hold.
 */
export function resolveHost({ instances }: { instances: Instances }): RequestHandler {
  return async (req, res, next) => {
    const forwarded = req.get("x-forwarded-host");
    const trusted = req.app.get("trust proxy fn") as (address: string, hop: number) => boolean;
    const believed = forwarded !== undefined && trusted(req.socket.remoteAddress ?? "", 0);
    const name = hostName(believed ? forwarded.split(",")[0]?.trim() : req.headers.host);
    const instance = name === null ? null : await instances.byHost(name);
    if (instance === null) return next(new Refusal("no-instance"));
    if (instance.host !== name) {
      const same = req.method === "GET" || req.method === "HEAD" ? 301 : 308;
      return res.redirect(same, instance.origin + pathOf(req));
    }
    if (instance.state === "suspended") return next(new Refusal("unavailable"));
    stateOf(res).instance = instance;
    const waits = instance.state === "new" && !req.path.startsWith("/set-up/");
    next(waits ? new Refusal("being-set-up") : undefined);
  };
}

/** Path and query as asked for; `/` for a target in absolute form (RFC 9112, section 3.2.2). */
function pathOf(req: Request): string {
  return req.originalUrl.startsWith("/") ? req.originalUrl : "/";
}
