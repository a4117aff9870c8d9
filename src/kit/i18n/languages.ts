import type { Language } from "../instance.js";

/** The languages every text exists in, French first. */
export const LANGUAGES: readonly Language[] = ["fr", "en"];

/** What a reader's language is chosen from. */
export interface LanguageWishes {
  /** What the reader picked (a cookie, an account's setting); anything else than a language is no choice. */
  readonly chosen: string | null | undefined;
  /** The browser's `Accept-Language` header. */
  readonly acceptLanguage: string | null | undefined;
  /** The instance's own language. */
  readonly fallback: Language;
}

/** Headers longer than this are read up to it; a browser sends a tenth. */
const MAX_HEADER = 500;

function languageOf(tag: string): Language | null {
  const primary = tag.trim().toLowerCase().split("-", 1)[0];
  return LANGUAGES.find((language) => language === primary) ?? null;
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.map((one) => one.trim().toLowerCase()).find((one) => one.startsWith("q="));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}

/** The best language of an `Accept-Language` header (RFC 9110, section 12.5.4), or `null`. */
function preferredLanguage(header: string, fallback: Language): Language | null {
  let best: Language | null = null;
  let bestWeight = 0;
  for (const range of header.slice(0, MAX_HEADER).split(",")) {
    const [tag = "", ...parameters] = range.split(";");
    const language = tag.trim() === "*" ? fallback : languageOf(tag);
    const weight = weightOf(parameters);
    if (language === null || weight <= bestWeight) continue;
    best = language;
    bestWeight = weight;
  }
  return best;
}

/** The reader's language: their choice, else their browser's, else the instance's. Never throws. */
export function negotiateLanguage({ chosen, acceptLanguage, fallback }: LanguageWishes): Language {
  const choice = LANGUAGES.find((language) => language === chosen);
  return choice ?? preferredLanguage(acceptLanguage ?? "", fallback) ?? fallback;
}
