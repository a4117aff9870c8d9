import { readdirSync } from "node:fs";
import { join } from "node:path";

import { createHelpers } from "../../src/hosting/views/helpers.js";
import { isTranslated, parametersOf, type Translations } from "../../src/kit/i18n/index.js";
import { isSafeHtml } from "../../src/kit/safe-html.js";
import { anything } from "./walk-scope.js";

export const helperNames: ReadonlySet<string> = new Set([
  ...Object.keys(createHelpers(() => new Map())),
  "if",
  "unless",
  "each",
  "with",
  "lookup",
]);

/** A call of a helper as written: literals, values of the sample or `anything`. */
export interface Call {
  readonly name: string;
  readonly values: readonly unknown[];
  readonly hash: Readonly<Record<string, unknown>>;
  /** The literal start of a key put together with `concat`, else null. */
  readonly prefix: string | null;
}

/** What is wrong with the arguments of a call, in words; null when nothing is. */
export function faultOfCall(
  call: Call,
  translations: Translations,
  icons: ReadonlySet<string>,
): string | null {
  const [value] = call.values;
  if (call.name === "t") return faultOfText(call, translations);
  if (value === anything || value === null || value === undefined) return null;
  if (call.name === "icon" && !icons.has(String(value))) return `no icon "${String(value)}"`;
  if (call.name === "safe" && !isSafeHtml(value)) return "safe is given what is not SafeHtml";
  if (call.name === "date" || call.name === "ago") {
    const isTime = value instanceof Date || !Number.isNaN(Date.parse(String(value)));
    return isTime ? null : `${call.name} is given what is no date`;
  }
  if (call.name === "number" && typeof value !== "number") return "number is given no number";
  return null;
}

function faultOfText(call: Call, translations: Translations): string | null {
  const [key] = call.values;
  if (call.prefix !== null) {
    const isKnown = [translations.fr, translations.en].every((texts) =>
      [...texts.keys()].some((known) => known.startsWith(call.prefix as string)),
    );
    return isKnown ? null : `no text begins with "${call.prefix}"`;
  }
  if (typeof key !== "string") return null;
  if (!isTranslated(translations, key)) return `no text "${key}" in every language`;
  const needed = parametersOf(translations.fr.get(key) as string);
  const lacking = needed.filter((name) => !(name in call.hash));
  return lacking.length === 0 ? null : `text "${key}" lacks ${lacking.join(", ")}`;
}

/** The names of the icons in the views folder. */
export function iconNames(viewsDir: string): ReadonlySet<string> {
  const files = readdirSync(join(viewsDir, "assets", "icons"));
  return new Set(files.map((file) => file.replace(/\.svg$/, "")));
}
