import type { IntlMessageFormat } from "intl-messageformat";
import type { Instance, Language } from "../instance.js";
import { createFormats, type Formats } from "./formats.js";
import { compileMessage, formatMessage, isPlain, type MessageParams } from "./messages.js";
import type { Translations } from "./translations.js";

/** Words, dates and numbers in one language and time zone. */
export interface Translator extends Formats {
  readonly language: Language;
  readonly timezone: string;
  /**
   * The text of `key`, its ICU parameters filled in. The result is text, never HTML: templates
   * escape it. An unknown key or a missing parameter throws when texts are strict; otherwise the
   * reader gets the last part of the key, which still hints at what was meant. On an association's
   * site a text named `<key>OfAssociation` is said in its place, where there is one.
   */
  t(key: string, params?: MessageParams): string;
  /** Whether `key` has a text in this language. */
  has(key: string): boolean;
}

/** Gives the translator of a language, a time zone and a kind of site: the same one each time. */
export type TranslatorFor = (
  language: Language,
  timezone: string,
  kind: Instance["kind"],
) => Translator;

type Text = string | IntlMessageFormat;

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

interface Texts {
  find(key: string): Text | undefined;
  /** A compiled message with its parameters filled in. */
  fill(key: string, message: IntlMessageFormat, params: MessageParams): string;
  has(key: string): boolean;
}

/** Ends the name of a text that is said on an association's site in place of the one without it. */
const OF_ASSOCIATION = "OfAssociation";

/** Texts with a number, such as "12 soutiens", that are kept at once. */
const MOST_COUNTED = 5_000;

/** The one parameter, named, when it is a number; such texts are said over and over. */
function onlyCount(params: MessageParams): string | null {
  const [name, ...others] = Object.keys(params);
  if (name === undefined || others.length > 0) return null;
  const value = params[name];
  return typeof value === "number" ? `${name}=${value}` : null;
}

/** Texts of a language, each message compiled when it is first said. */
function textsOf(translations: Translations, language: Language, kind: Instance["kind"]): Texts {
  const source = translations[language];
  const variant = kind === "association" ? OF_ASSOCIATION : "";
  const ready = new Map<string, Text>();
  const counted = new Map<string, string>();
  return {
    fill(key, message, params) {
      const count = onlyCount(params);
      if (count === null) return formatMessage(message, params);
      const known = counted.get(`${count}/${key}`);
      if (known !== undefined) return known;
      if (counted.size >= MOST_COUNTED) counted.clear();
      const said = formatMessage(message, params);
      counted.set(`${count}/${key}`, said);
      return said;
    },
    has: (key) => source.has(key),
    find(key) {
      const known = ready.get(key);
      if (known !== undefined) return known;
      const text = source.get(key + variant) ?? source.get(key);
      if (text === undefined) return undefined;
      const made = isPlain(text) ? text : compileMessage(text, language);
      ready.set(key, made);
      return made;
    },
  };
}

function translate(texts: Texts, key: string, params: MessageParams): string {
  const text = texts.find(key);
  if (text === undefined) throw new Error(`No text "${key}"`);
  return typeof text === "string" ? text : texts.fill(key, text, params);
}

function strictly(texts: Texts, language: Language): Translator["t"] {
  return (key, params = {}) => {
    try {
      return translate(texts, key, params);
    } catch (cause) {
      throw new Error(`The text "${key}" in "${language}": ${String(cause)}`, { cause });
    }
  };
}

function leniently(texts: Texts): Translator["t"] {
  return (key, params = {}) => {
    try {
      return translate(texts, key, params);
    } catch {
      return lastPart(key);
    }
  };
}

/**
 * Translators over the given texts. `strict` (development and tests) throws on a text that is
 * missing or cannot be filled; otherwise a page is never lost to a text. Messages are compiled once
 * per language and kind, formatters once per language and time zone. An unknown zone is a `RangeError`.
 */
export function createTranslators(
  translations: Translations,
  { strict }: { readonly strict: boolean },
): TranslatorFor {
  const texts = new Map<string, Texts>();
  const made = new Map<string, Translator>();
  const textsFor = (language: Language, kind: Instance["kind"]): Texts => {
    const own = texts.get(`${language}/${kind}`) ?? textsOf(translations, language, kind);
    texts.set(`${language}/${kind}`, own);
    return own;
  };
  return (language, timezone, kind) => {
    const name = `${language}/${kind}/${timezone}`;
    const known = made.get(name);
    if (known !== undefined) return known;
    const own = textsFor(language, kind);
    const translator: Translator = {
      ...createFormats(language, timezone),
      language,
      timezone,
      t: strict ? strictly(own, language) : leniently(own),
      has: own.has,
    };
    made.set(name, translator);
    return translator;
  };
}
