import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

import Handlebars from "handlebars";

import type { TranslatorFor } from "../kit/i18n/index.js";
import { markSafe } from "../kit/safe-html.js";
import type { PageModel, SiteModel } from "../kit/site-model.js";
import { createHelpers, type RenderData } from "./views/helpers.js";
import { loadIcons } from "./views/icons.js";

/** Turns a template and its model into HTML. */
export interface Views {
  /**
   * A whole page: the template inside the layout, or alone when it begins with a doctype.
   * Throws when the template does not exist or names something its model lacks.
   */
  render(template: string, model: PageModel, site: SiteModel): string;
  /** The template alone, for mails, previews, embedded widgets and self-contained pages. */
  renderBare(template: string, model: object, site: SiteModel): string;
  /** One text in the language of the site, for a page that no feature makes; null without one. */
  text(key: string, site: SiteModel): string | null;
}

/** Where the templates are and what they speak. */
export interface ViewsOptions {
  readonly viewsDir: string;
  readonly translatorFor: TranslatorFor;
  /** Read templates again for each page. */
  readonly development?: boolean;
}

type Template = Handlebars.TemplateDelegate<object>;

/**
 * Compile options shared with the test that walks templates. A partial sees only the context and
 * parameters it is handed, an unknown field throws instead of printing nothing, and partials are
 * not indented: a long text in a form would come back with spaces before each line.
 */
export const templateOptions = {
  knownHelpersOnly: true,
  strict: true,
  explicitPartialContext: true,
  preventIndent: true,
} as const;

/** Views over a folder. Each template is compiled on its first use and kept. */
export function createViews(options: ViewsOptions): Views {
  let engine = createEngine(options.viewsDir);
  const renderBare = (name: string, model: object, site: SiteModel): string => {
    const translator = options.translatorFor(site.language, site.timezone, site.instanceKind);
    const data: RenderData = { site, translator };
    return engine.template(name)(model, { data });
  };
  return {
    text: (key, site) => {
      const translator = options.translatorFor(site.language, site.timezone, site.instanceKind);
      return translator.has(key) ? translator.t(key) : null;
    },
    renderBare(name, model, site) {
      if (options.development) engine = createEngine(options.viewsDir);
      return renderBare(name, model, site);
    },
    render(name, model, site) {
      if (options.development) engine = createEngine(options.viewsDir);
      const html = renderBare(name, model, site);
      if (/^\s*<!doctype/i.test(html)) return html;
      const body = markSafe(html);
      return renderBare("layouts/main", { head: model.head, body }, site);
    },
  };
}

function createEngine(viewsDir: string): { template(name: string): Template } {
  const handlebars = Handlebars.create();
  const icons = loadIcons(join(viewsDir, "assets", "icons"));
  const helpers = createHelpers(() => icons);
  const knownHelpers = Object.fromEntries(Object.keys(helpers).map((name) => [name, true]));
  const compile = (source: string): Template =>
    handlebars.compile(source, { ...templateOptions, knownHelpers });
  handlebars.registerHelper(helpers);
  for (const [name, source] of readPartials(viewsDir)) {
    handlebars.registerPartial(name, compile(source));
  }
  const compiled = new Map<string, Template>();
  return {
    template(name) {
      const known = compiled.get(name);
      if (known !== undefined) return known;
      const template = compile(readFileSync(join(viewsDir, `${name}.hbs`), "utf8"));
      compiled.set(name, template);
      return template;
    },
  };
}

/**
 * Every partial by name: `views/partials/field.hbs` is `field`, and a feature's own
 * `views/proposals/_row.hbs` is `proposals/_row`.
 */
export function readPartials(viewsDir: string): ReadonlyMap<string, string> {
  const partials = new Map<string, string>();
  for (const entry of readdirSync(viewsDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".hbs")) continue;
    const file = join(entry.parentPath, entry.name);
    const name = relative(viewsDir, file).slice(0, -".hbs".length).split(sep).join("/");
    const isShared = name.startsWith("partials/");
    if (!isShared && !entry.name.startsWith("_")) continue;
    partials.set(isShared ? name.slice("partials/".length) : name, readFileSync(file, "utf8"));
  }
  return partials;
}
