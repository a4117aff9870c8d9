import type { HelperDelegate, HelperOptions } from "handlebars";
import Handlebars from "handlebars";

import type { DateStyle, NumberStyle, Translator } from "../../kit/i18n/index.js";
import { isSafeHtml } from "../../kit/safe-html.js";
import type { SiteModel } from "../../kit/site-model.js";
import { civicStylesheetPath } from "./colour.js";
import { drawIcon, type Icons } from "./icons.js";
import { fillAddress, safeHref } from "./links.js";

/** What `render` hands to every template besides its model. */
export interface RenderData {
  readonly site: SiteModel;
  readonly translator: Translator;
}

const { escapeExpression, SafeString } = Handlebars;

/** Every helper a template may use, by name. All escape their output unless said otherwise. */
export function createHelpers(icons: () => Icons): Record<string, HelperDelegate> {
  return { ...textHelpers(), ...logicHelpers(), ...pageHelpers(icons) };
}

function textHelpers(): Record<string, HelperDelegate> {
  return {
    /** `{{t "site.nav.home"}}`, `{{t "proposals.count" count=n}}`: a translated text. */
    t: (key: string, options: HelperOptions) => dataOf(options).translator.t(key, options.hash),
    /** `{{number n}}`, `{{number n "compact"}}`: written as the language does. */
    number: (value: number, style: NumberStyle | HelperOptions, options?: HelperOptions) =>
      typeof style === "string"
        ? dataOf(options as HelperOptions).translator.formatNumber(value, style)
        : dataOf(style).translator.formatNumber(value),
    /** `{{date value}}`, `{{date value "short"}}`: a `<time>` element. */
    date: (value: Date | string, style: DateStyle | HelperOptions, options?: HelperOptions) => {
      const when = new Date(value);
      return typeof style === "string"
        ? timeElement(when, dataOf(options as HelperOptions).translator.formatDate(when, style), "")
        : timeElement(when, dataOf(style).translator.formatDate(when), "");
    },
    /** `{{ago value}}`: a `<time>` that reads "3 days ago", kept fresh by the browser module. */
    ago: (value: Date | string, options: HelperOptions) => {
      const { translator, site } = dataOf(options);
      const when = new Date(value);
      const title = escapeExpression(translator.formatDate(when, "long"));
      const text = translator.formatRelative(when, site.now);
      return timeElement(when, text, ` data-ago title="${title}"`);
    },
    /** `{{safe text}}`: HTML that `markSafe` vouched for, as it is; throws on anything else. */
    safe: (value: unknown) => {
      if (!isSafeHtml(value)) throw new Error("safe takes sanitised HTML only");
      return new SafeString(value.html);
    },
    /** `{{concat "field-" name}}`: the parts joined, to hand to a partial. */
    concat: (...args: unknown[]) => args.slice(0, -1).join(""),
  };
}

function logicHelpers(): Record<string, HelperDelegate> {
  return {
    eq: (a: unknown, b: unknown) => a === b,
    and: (...args: unknown[]) => args.slice(0, -1).every(isTruthy),
    or: (...args: unknown[]) => args.slice(0, -1).find(isTruthy) ?? args[args.length - 2],
    not: (value: unknown) => !isTruthy(value),
    /** `(error-for errors "title")`: the error text of one field, or null. */
    "error-for": (errors: readonly { field: string; text: string }[] | null, field: string) =>
      errors?.find((error) => error.field === field)?.text ?? null,
    /** `(starts-with @site.path "/proposals")`: to mark where the reader is. */
    "starts-with": (value: string, start: string) => value.startsWith(start),
  };
}

function pageHelpers(icons: () => Icons): Record<string, HelperDelegate> {
  return {
    /** `{{icon "search"}}`: inline SVG, decorative. */
    icon: (name: string) => new SafeString(drawIcon(icons(), name)),
    /** `{{url "/proposals/:number" number=12 page=2}}`: an address of this site. */
    url: (path: string, options: HelperOptions) => fillAddress(path, options.hash),
    /** `{{href address}}`: the address when it is a web, mail or local one, else `#`. */
    href: (address: unknown) => safeHref(address),
    /** `{{civic-stylesheet}}`: the address of the colours of this instance. */
    "civic-stylesheet": (options: HelperOptions) =>
      civicStylesheetPath(dataOf(options).site.colour),
  };
}

function timeElement(when: Date, text: string, attributes: string): Handlebars.SafeString {
  if (Number.isNaN(when.getTime())) return new SafeString("");
  const iso = escapeExpression(when.toISOString());
  return new SafeString(`<time datetime="${iso}"${attributes}>${escapeExpression(text)}</time>`);
}

function dataOf(options: HelperOptions): RenderData {
  return options.data as RenderData;
}

function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
