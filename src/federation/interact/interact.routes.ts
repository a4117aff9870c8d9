import {
  get,
  page,
  post,
  redirect,
  refuseField,
  Refusal,
  remember,
  remoteActs,
  submit,
  type Ctx,
  type Reply,
  type Req,
  type Route,
  type Typed,
} from "../../kit/index.js";
import type { Services } from "../services.js";
import { createArrivalRoutes } from "./arrival.routes.js";
import {
  askModel,
  askPage,
  leaveModel,
  leavePage,
  serverForm,
  type Asked,
} from "./interact.pages.js";
import { findWay, type Way } from "./look-up.js";
import { thingAt } from "./things.js";

/** The name under which a browser remembers its owner's server. */
const memory = "server";

/**
 * How people of other servers support, comment and follow what is here, from there: they name their
 * server, we ask it for the way, and show where it leads. Nothing is asked of a server by a page
 * alone, and nothing about the visitor is kept but what they tick, in their own browser.
 *
 * The way is shown as a link, never followed for a form: a browser holds to `form-action 'self'` on
 * redirects, too, and nobody shall find themselves on a site that they have not read the name of.
 */
export function createInteractRoutes(services: Services): Route[] {
  return [
    get("/interact", async (ctx, req) => {
      const asked = await askedBy(ctx, req.query);
      const known = req.remembered[memory] ?? null;
      if (known === null || req.query["other"] !== undefined) {
        return page(askPage, askModel(ctx, asked, known));
      }
      const way = await wayTo(services, ctx, req, asked, known);
      if (way.kind === "found") return redirect(way.url.href);
      return page(askPage, askModel(ctx, asked, known, refused(known, way)), 422);
    }),
    post("/interact", async (ctx, req) => {
      const asked = await askedBy(ctx, req.body);
      const known = req.remembered[memory] ?? null;
      return submit(serverForm, req, {
        accepted: async ({ server, remember: keeps }) => {
          const way = await wayTo(services, ctx, req, asked, server);
          if (way.kind === "none") throw refuseField("invalid-form", "server", wordOf(way));
          const reply = page(leavePage, leaveModel(ctx, asked, way.url));
          return kept(reply, known, keeps ? way.server.label : null);
        },
        refused: (typed, status) =>
          Promise.resolve(page(askPage, askModel(ctx, asked, known, typed), status)),
      });
    }),
    post("/interact/forget", async (ctx, req) => {
      const { thing } = await askedBy(ctx, req.body);
      const told = { kind: "success", key: "interact.forgotten" } as const;
      return remember(redirect(thing.path, told), memory, null);
    }),
    ...createArrivalRoutes(services),
  ];
}

/** Only what has changed is written into the browser. */
function kept(reply: Reply, known: string | null, wanted: string | null): Reply {
  return known === wanted ? reply : remember(reply, memory, wanted);
}

/** What is asked for. Refuses "not-found": nothing there, or nothing that can be done from elsewhere now. */
async function askedBy(ctx: Ctx, given: Readonly<Record<string, unknown>>): Promise<Asked> {
  const act = remoteActs.find((one) => one === given["to"]);
  const thing = act === undefined ? null : await thingAt(ctx, given["on"]);
  const uri = act === undefined ? undefined : thing?.uris[act];
  if (act === undefined || thing === null || uri === undefined) throw new Refusal("not-found");
  if ((await ctx.unwanted([uri])).size > 0) throw new Refusal("not-found");
  return { thing, act, uri };
}

function wayTo(services: Services, ctx: Ctx, req: Req, asked: Asked, typed: string): Promise<Way> {
  const { act, uri, thing } = asked;
  const on = { uri, page: ctx.instance.url(thing.path) };
  return findWay(services, ctx, { typed, act, on, ip: req.ip });
}

function wordOf({ why }: Extract<Way, { kind: "none" }>): string {
  return `interact.errors.${why}`;
}

function refused(server: string, way: Extract<Way, { kind: "none" }>): Typed {
  const values = { server, remember: "on" };
  return { values, errors: [{ field: "server", key: wordOf(way), params: {} }] };
}
