import {
  assertAdmin,
  get,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  submit,
  type Ctx,
  type Route,
} from "../../kit/index.js";
import type { SendOwed } from "../delivery/absences.js";
import type { Deliver } from "../delivery/deliver.js";
import { tryNow } from "../delivery/waiting.js";
import { endLink } from "../linking.js";
import type { Send } from "../outbound/send.js";
import type { Services } from "../services.js";
import { linkSite } from "./links.js";
import { linkForm, networkModel, networkPage, networkPath } from "./network.pages.js";
import { block, unblock, type RuleParts } from "../policy/rules.js";
import { hostNamed } from "./peers.js";

/** What the page acts with. */
export interface NetworkParts {
  readonly services: Services;
  readonly send: Send;
  readonly deliverAgain: Deliver;
  readonly sendOwed: SendOwed;
  readonly rules: RuleParts;
}

/** The page on which admins see and steer how their site exchanges with others. */
export function createNetworkRoutes(parts: NetworkParts): Route[] {
  const { services, send } = parts;
  return [
    get(networkPath, async (ctx, req) => {
      if (ctx.member === null) return redirect(signInPath(req.url));
      assertAdmin(ctx);
      const { host, after } = req.query;
      return page(networkPage, await networkModel(ctx, { host, after }));
    }),
    post(`${networkPath}/links`, async (ctx, req) => {
      assertAdmin(ctx);
      return submit(linkForm, req, {
        accepted: async ({ address }) => {
          const { host } = await linkSite(services, send, ctx, address);
          return redirect(networkPath, told("link.asked", host));
        },
        refused: async (typed, status) =>
          page(networkPage, await networkModel(ctx, {}, typed), status),
      });
    }),
    post(`${networkPath}/links/:id/end`, async (ctx, req) => {
      assertAdmin(ctx);
      await endLink(services, send, ctx, req.params["id"] ?? "");
      return redirect(networkPath, { kind: "success", key: "network.links.ended" });
    }),
    post(`${networkPath}/servers`, async (ctx, req) => {
      assertAdmin(ctx);
      const host = hostNamed(ctx, req.body["host"]);
      const done = await act(ctx, parts, host, req.body["act"]);
      return redirect(`${networkPath}?host=${encodeURIComponent(host)}`, told(done, host));
    }),
  ];
}

/** Do what a button says; returns the key of what to tell. */
async function act(ctx: Ctx, parts: NetworkParts, host: string, wanted: unknown): Promise<string> {
  const { rules } = parts;
  switch (wanted) {
    case "try":
      return (await tryNow(ctx, parts, host)) > 0 ? "peers.trying" : "peers.awake";
    case "block":
      await block(rules, ctx, { who: host, severity: "blocked" });
      return "peers.blocked";
    case "limit":
      await block(rules, ctx, { who: host, severity: "limited" });
      return "peers.limited";
    case "unblock":
      await unblock(rules, ctx, host);
      return "peers.unblocked";
    default:
      throw new Refusal("not-found");
  }
}

function told(key: string, host: string) {
  return { kind: "success", key: `network.${key}`, params: { host } } as const;
}
