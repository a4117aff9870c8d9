import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler } from "express";
import type { Clock } from "../drivers/clock.js";
import type { Instance } from "../kit/instance.js";
import { Refusal } from "../kit/refusal.js";
import type { Instances } from "./instances.js";
import { stateOf } from "./web/state.js";

/** Whether a proxy at that address, so many hops away, is believed; Express's `trust proxy fn`. */
export type Trusts = (address: string, hop: number) => boolean;

/** A Host header reduced to its name: lower case, without port or trailing dot; null when odd. */
export function hostName(header: string | undefined): string | null {
  if (header === undefined || header.length > 260) return null;
  const match = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.exec(header);
  const name = match?.[1]?.toLowerCase().replace(/\.$/, "");
  return name === undefined || name === "" ? null : name;
}

/** The host that a request is for, as its client or a trusted proxy wrote it. */
export function askedHost(req: IncomingMessage, trusts: Trusts): string | undefined {
  const forwarded = req.headers["x-forwarded-host"];
  const believed = typeof forwarded === "string" && trusts(req.socket.remoteAddress ?? "", 0);
  return believed ? forwarded.split(",")[0]?.trim() : req.headers.host;
}

/** The nearest address that no trusted proxy has, as Express's `req.ip`; the farthest if all are theirs. */
export function clientAddress(req: IncomingMessage, trusts: Trusts): string | undefined {
  const said = [req.headers["x-forwarded-for"] ?? ""].flat().join(",").split(",");
  const farther = said.map((one) => one.trim()).filter((one) => one !== "");
  const way = [req.socket.remoteAddress ?? "", ...farther.reverse()];
  return way.find((address, hop) => !trusts(address, hop)) ?? way.at(-1);
}

/** The instance whose canonical host that is; null for aliases as well. */
export async function findInstance(
  instances: Pick<Instances, "byHost">,
  host: string | undefined,
): Promise<Instance | null> {
  const name = hostName(host);
  const instance = name === null ? null : await instances.byHost(name);
  return instance?.host === name ? instance : null;
}

/** Why an instance does not answer a request; a code of a refusal. */
export type WhyClosed =
  "being-set-up" | "site-suspended" | "site-deleted" | "unavailable" | "site-gone";

/**
 * Why an instance does not answer there; null when it does. 404 and 410 make other servers delete what
 * they hold: they are said to them only by one that never comes back. One that is deleted but may
 * still come back says 410 to people, and 503 to servers, as a suspended one does to all.
 * @param peopleAt when people ask, who are not told of a return once the grace has ended; null for servers
 */
export function whyClosed(
  instance: Instance,
  path: string,
  peopleAt: Date | null = null,
): WhyClosed | null {
  switch (instance.state) {
    case "new":
      return path.startsWith("/set-up/") ? null : "being-set-up";
    case "suspended":
      return "site-suspended";
    case "deleted":
      if (peopleAt === null) return "unavailable";
      return isOver(instance, peopleAt) ? "site-gone" : "site-deleted";
    case "leaving":
    case "gone":
      return "site-gone";
    default:
      return null;
  }
}

/** Whether an instance that is deleted can come back no more, removed though it may not be yet. */
function isOver({ deletion }: Instance, now: Date): boolean {
  return deletion != null && deletion.until <= now;
}

/** Whether a page is asked for, by something that people look at pages with. */
function asksForPage(req: Request): boolean {
  if (req.method !== "GET" && req.method !== "HEAD") return false;
  const accept = req.headers.accept ?? "";
  const isMachine = /activity\+json|ld\+json/.test(accept);
  const isForMachines = /^\/(?:\.well-known|nodeinfo)(?:\/|$)/.test(req.path);
  return !isMachine && !isForMachines && accept.includes("text/html");
}

/**
 * Finds the instance a request is for. Unknown host: 421 (RFC 9110, section 15.5.20). An alias leads
 * to the canonical host for good.
 */
export function resolveHost({
  instances,
  clock,
}: {
  instances: Instances;
  clock: Clock;
}): RequestHandler {
  return async (req, res, next) => {
    const name = hostName(askedHost(req, req.app.get("trust proxy fn") as Trusts));
    const instance = name === null ? null : await instances.byHost(name);
    if (instance === null) return next(new Refusal("no-instance"));
    if (instance.host !== name) {
      const same = req.method === "GET" || req.method === "HEAD" ? 301 : 308;
      return res.redirect(same, instance.origin + pathOf(req));
    }
    const reason = whyClosed(instance, req.path, asksForPage(req) ? clock.now() : null);
    stateOf(res).instance = instance;
    next(reason === null ? undefined : new Refusal(reason));
  };
}

/** Path and query as asked for; `/` for a target in absolute form (RFC 9112, section 3.2.2). */
function pathOf(req: Request): string {
  return req.originalUrl.startsWith("/") ? req.originalUrl : "/";
}
