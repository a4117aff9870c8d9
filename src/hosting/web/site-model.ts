import type { Request, Response } from "express";
import type { Clock } from "../../drivers/clock.js";
import { hasRole } from "../../kit/context.js";
import type { Feature } from "../../kit/feature.js";
import type { Instance } from "../../kit/instance.js";
import { head } from "../../kit/page.js";
import type { SiteModel } from "../../kit/site-model.js";
import type { Assets } from "../assets.js";
import type { Views } from "../views.js";
import type { Csrf } from "./csrf.js";
import type { SafeError } from "./error-page.js";
import { takeFlash } from "./flash.js";
import { pathInLanguage } from "./locale.js";
import { picturesOf } from "./pictures.js";
import { stateOf } from "./state.js";

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
  const state = stateOf(res) as Partial<ReturnType<typeof stateOf>>;
  const known = [401, 403, 404, 410, 421, 429, 500, 503].includes(error.status);
  const template =
    error.code === "being-set-up"
      ? "set-up/waiting"
      : `errors/${known ? error.status : error.status < 500 ? 400 : 500}`;
  const send = (site: SiteModel): void => {
    const title = parts.views.text(`${template.replace("/", ".")}.title`, site);
    const reason = parts.views.text(`refusals.${error.code}`, site);
    const model = { head: head(title ?? String(error.status), { noIndex: true }), reason };
    res.type("html").send(parts.views.render(template, model, site));
  };
  if (state.ctx !== undefined) return send(await siteModel(req, res));
  const language = (req.acceptsLanguages(["fr", "en"]) || "fr") as SiteModel["language"];
  const nobody = { name: "Parvis", kind: "city", hue: 195, timezone: "UTC" } as const;
  const site: SiteModel = {
    ...frame(parts, nobody, language),
    otherLanguages: [],
    path: "/",
    member: null,
    csrf: null,
    flash: null,
    requestId: state.requestId ?? "",
  };
  send(site);
}
