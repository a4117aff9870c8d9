import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { PageModel, SiteModel } from "../../kit/site-model.js";
import type { Views } from "../views.js";

/** A drawn page. */
export interface Drawn {
  readonly html: string;
  /** Whether it is the same for every visitor. */
  readonly shared: boolean;
}

/** Renders a page, or gives it again when everything in it is the same. */
export type PageRenderer = (template: string, model: PageModel, site: SiteModel) => Drawn;

const mostPages = 300;
/** In UTF-16 units of HTML. */
const mostHtml = 8_000_000;
const largest = 200_000;

/**
 * Pages for visitors are a function of their model, so a page is kept under the hash of everything
 * that went into it and drawn once, however many people read it. Whatever is new in the model is a
 * new page at once; only "3 minutes ago" may be a minute old. A page that asks for a form's token or
 * its request's number is drawn for each reader, as is every page of a member.
 */
export function createKeptPages(views: Pick<Views, "render">): PageRenderer {
  const kept = new LRUCache<string, string>({ max: mostPages, maxSize: mostHtml });
  return (template, model, site) => {
    if (site.member !== null || site.flash !== null) {
      return { html: views.render(template, model, site), shared: false };
    }
    const key = keyOf(template, model, site);
    const known = kept.get(key);
    if (known !== undefined) return { html: known, shared: true };
    const watched = watch(site);
    const html = views.render(template, model, watched.site);
    const shared = !watched.isPersonal();
    if (shared && html.length <= largest) kept.set(key, html, { size: html.length + 1 });
    return { html, shared };
  };
}

function keyOf(template: string, model: PageModel, site: SiteModel): string {
  const {
    instanceName,
    instanceKind,
    language,
    otherLanguages,
    colour,
    path,
    assets,
    logo,
    picture,
  } = site;
  const minute = Math.floor(site.now.getTime() / 60_000);
  const frame = [
    instanceName,
    instanceKind,
    language,
    otherLanguages,
    colour,
    path,
    assets,
    logo,
    picture,
  ];
  const all = JSON.stringify([template, model, frame, site.timezone, minute]);
  return createHash("sha256").update(all).digest("base64");
}

/** The same site, which notices whether what belongs to one request alone is asked for. */
function watch(site: SiteModel): { site: SiteModel; isPersonal: () => boolean } {
  let personal = false;
  const noticed = <T>(read: () => T) => ({
    enumerable: true,
    get: () => {
      personal = true;
      return read();
    },
  });
  const watched = Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(site),
      csrf: noticed(() => site.csrf),
      requestId: noticed(() => site.requestId),
    },
  ) as SiteModel;
  return { site: watched, isPersonal: () => personal };
}
