import type { Request, RequestHandler, Response } from "express";
import { stateOf } from "../../hosting/web/state.js";
import type { Ctx } from "../../kit/index.js";
import { hostMetaJson, hostMetaXml } from "../discovery/host-meta.js";
import { createNodeInfo, nodeInfoLinks } from "../discovery/nodeinfo.js";
import { finger } from "../discovery/webfinger.js";
import type { Policy } from "../policy/policy.js";
import type { Services } from "../services.js";
import { sendError, sendJson, sendPreflight } from "./answers.js";

type Serve = (ctx: Ctx, req: Request, res: Response) => Promise<void> | void;

const profile = "http://nodeinfo.diaspora.software/ns/schema/2.1#";

/** A closed instance names nobody: 403, since 404 and 410 would have others forget whom they know. */
async function webfinger(policy: Policy, ctx: Ctx, req: Request, res: Response): Promise<void> {
  if ((await policy.settings(ctx)).mode === "closed") return sendError(res, 403, "closed");
  const answer = await finger(ctx, req.query["resource"], relsOf(req));
  switch (answer.kind) {
    case "found":
      return sendJson(res, 200, "application/jrd+json", answer.jrd);
    case "gone":
      return sendError(res, 410, "gone");
    case "unknown":
      return sendError(res, 404, "not found");
    case "malformed":
      return sendError(res, 400, "the resource is missing or ill-formed");
  }
}

/** The kinds of links that are asked for, a few at most; none means all. */
function relsOf(req: Request): string[] {
  const { rel } = req.query;
  const asked: unknown[] = Array.isArray(rel) ? rel : [rel];
  return asked.filter((one): one is string => typeof one === "string").slice(0, 20);
}

/** Serves what other servers find us by. */
export function serveDiscovery({ parts, policy }: Services): RequestHandler {
  const nodeInfo = createNodeInfo(parts.version, policy);
  const paths: ReadonlyMap<string, Serve> = new Map<string, Serve>([
    ["/.well-known/webfinger", (ctx, req, res) => webfinger(policy, ctx, req, res)],
    [
      "/.well-known/host-meta.json",
      (ctx, _req, res) => sendJson(res, 200, "application/jrd+json", hostMetaJson(ctx.instance)),
    ],
    ["/.well-known/host-meta", hostMeta],
    [
      "/.well-known/nodeinfo",
      (ctx, _req, res) => sendJson(res, 200, "application/json", nodeInfoLinks(ctx.instance)),
    ],
    [
      "/nodeinfo/2.1",
      async (ctx, _req, res) =>
        sendJson(res, 200, `application/json; profile="${profile}"`, await nodeInfo(ctx)),
    ],
  ]);
  return async (req, res, next) => {
    const serve = paths.get(req.path);
    if (serve === undefined) return next();
    if (req.method === "OPTIONS") return sendPreflight(res);
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.set("Allow", "GET, HEAD, OPTIONS");
      return sendError(res, 405, "method not allowed");
    }
    const { instance, log } = stateOf(res);
    const ctx = parts.contexts({ instance, member: null, language: instance.language, log });
    await serve(ctx, req, res);
  };
}

function hostMeta(ctx: Ctx, req: Request, res: Response): void {
  const wanted = req.accepts(["application/xrd+xml", "application/xml", "application/json"]);
  if (wanted === "application/json") {
    return sendJson(res, 200, "application/jrd+json", hostMetaJson(ctx.instance));
  }
  res
    .set({
      "Access-Control-Allow-Origin": "*",
      "Content-Type": "application/xrd+xml; charset=utf-8",
    })
    .vary("Accept")
    .send(hostMetaXml(ctx.instance));
}
