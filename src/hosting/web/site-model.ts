import type { Request, Response } from "express";
import type { Clock } from "../../drivers/clock.js";
import { hasRole } from "../../kit/context.js";
import type { Feature } from "../../kit/feature.js";
import type { Instance } from "../../kit/instance.js";
import { head } from "../../kit/page.js";
import { localPath } from "../../kit/route.js";
import type { SiteModel } from "../../kit/site-model.js";
import type { Assets } from "../assets.js";
import type { Views } from "../views.js";
import type { Csrf } from "./csrf.js";
import type { SafeError } from "./error-page.js";
import { takeFlash } from "./flash.js";
import { pathInLanguage } from "./locale.js";
import { picturesOf } from "./pictures.js";
import { stateOf, type RequestState } from "./state.js";

/** What the frame of a page is made of. */
export interface SiteParts {
  readonly clock: Clock;
  readonly features: readonly Feature[];
  readonly views: Views;
  readonly assets: Assets;
}

const languageNames = { fr: "Français", en: "English" } as const;

/** What every page shows around its content, for who asks; without a session's token until it is used. */
export function siteModelOf(parts: SiteParts, csrf: Csrf) {
  const unread = parts.features.find((feature) => feature.unread !== null)?.unread ?? null;
  const waiting = parts.features.find((feature) => feature.waiting !== null)?.waiting ?? null;
  return async (req: Request, res: Response): Promise<SiteModel> => {
    let token: string | null = null;
    const { ctx, instance, requestId } = stateOf(res);
    const { member } = ctx;
    const count = member === null || unread === null ? 0 : await unread(ctx);
    const canModerate = hasRole(member, "moderator");
    const toModerate = canModerate && waiting !== null ? await waiting(ctx) : 0;
    return {
      ...frame(parts, instance, ctx.language),
      otherLanguages: (["fr", "en"] as const)
        .filter((code) => code !== ctx.language)
        .map((code) => ({ code, name: languageNames[code], url: pathInLanguage(res, code) })),
      path: req.originalUrl,
      member:
        member === null
          ? null
          : {
              name: member.name,
              unread: count,
              canModerate,
              toModerate,
              canAnswer: hasRole(member, "official"),
              isAdmin: hasRole(member, "admin"),
            },
      get csrf() {
        return (token ??= csrf.tokenFor(req));
      },
      flash: takeFlash(req, ctx.t),
      requestId,
    };
  };
}

function frame(
  parts: SiteParts,
  instance: Pick<Instance, "name" | "kind" | "hue" | "timezone" | "profile">,
  language: SiteModel["language"],
) {
  return {
    instanceName: instance.name,
    instanceKind: instance.kind,
    language,
    colour: String(instance.hue),
    assets: parts.assets.urls,
    now: parts.clock.now(),
    timezone: instance.timezone,
    ...picturesOf(instance),
  };
}

/** Error pages work at any point of the chain: before an instance or a session is known, too. */
export async function showError(
  parts: SiteParts,
  siteModel: (req: Request, res: Response) => Promise<SiteModel>,
  req: Request,
  res: Response,
  error: SafeError,
): Promise<void> {
  const { ctx } = stateOf(res) as Partial<RequestState>;
  const template = templateOf(error);
  const isStoreAway = error.code === "store-unavailable";
  const site =
    ctx === undefined || isStoreAway ? bareSite(parts, req, res) : await siteModel(req, res);
  const title = parts.views.text(`${template.replace("/", ".")}.title`, site);
  const { instance } = stateOf(res) as Partial<RequestState>;
  const model = {
    head: head(title ?? String(error.status), { noIndex: true }),
    reason: parts.views.text(`refusals.${error.code}`, site),
    again: req.method === "GET" || req.method === "HEAD" ? localPath(req.originalUrl) : null,
    ...closedModel(error, instance),
  };
  res.type("html").send(parts.views.render(template, model, site));
}

const known: ReadonlySet<number> = new Set([401, 403, 404, 410, 421, 429, 500, 503]);

/** What is told of a site that is not served; its own words, and until when it may come back. */
function closedModel({ code }: SafeError, instance: Instance | undefined) {
  const said = code === "site-suspended" ? instance?.suspension?.reason : null;
  const until = code === "site-deleted" ? instance?.deletion?.until : null;
  return { about: code.replace("site-", ""), said: said || null, until: until ?? null };
}

const closed: ReadonlySet<string> = new Set(["site-suspended", "site-deleted", "site-gone"]);

function templateOf({ code, status }: SafeError): string {
  if (closed.has(code)) return "errors/closed";
  if (code === "being-set-up") return "set-up/waiting";
  if (code === "store-unavailable") return "errors/store-unavailable";
  return `errors/${known.has(status) ? status : status < 500 ? 400 : 500}`;
}

/** The frame without anything that is asked of the store: with the instance's name and colour, if known. */
function bareSite(parts: SiteParts, req: Request, res: Response): SiteModel {
  const state = stateOf(res) as Partial<RequestState>;
  const nobody = { name: "Parvis", kind: "city", hue: 195, timezone: "UTC" } as const;
  const accepted = (req.acceptsLanguages(["fr", "en"]) ||
    (state.instance?.language ?? "fr")) as SiteModel["language"];
  return {
    ...frame(parts, state.instance ?? nobody, state.ctx?.language ?? accepted),
    otherLanguages: [],
    path: "/",
    member: null,
    csrf: null,
    flash: null,
    requestId: state.requestId ?? "",
  };
}
