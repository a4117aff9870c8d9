import type { Language } from "../instance.js";
import { LANGUAGES } from "./languages.js";
import { parametersOf } from "./messages.js";
import type { Translations } from "./translations.js";

/** One thing wrong with the texts of a language. */
export interface TranslationFault {
  readonly key: string;
  readonly language: Language;
  readonly problem: "missing" | "empty" | "not-a-message" | "other-parameters";
  /** In words, for whoever repairs the file. */
  readonly detail: string;
}

/**
 * What keeps the languages from saying the same: keys that one lacks, empty texts, messages that do
 * not compile, and parameters that differ from the French text's. Empty when all is well.
 */
export function checkTranslations(translations: Translations): TranslationFault[] {
  const keys = new Set(LANGUAGES.flatMap((language) => [...translations[language].keys()]));
  return [...keys].toSorted().flatMap((key) => faultsOf(translations, key));
}

function faultsOf(translations: Translations, key: string): TranslationFault[] {
  const faults: TranslationFault[] = [];
  let expected: string | null = null;
  for (const language of LANGUAGES) {
    const read = readText(translations[language].get(key));
    if (typeof read !== "string") {
      faults.push({ key, language, ...read });
      continue;
    }
    expected ??= read;
    if (read === expected) continue;
    const detail = `takes {${read}}, the other language {${expected}}`;
    faults.push({ key, language, problem: "other-parameters", detail });
  }
  return faults;
}

function readText(text: string | undefined): string | Pick<TranslationFault, "problem" | "detail"> {
  if (text === undefined) return { problem: "missing", detail: "has no text in this language" };
  if (text.trim() === "") return { problem: "empty", detail: "is an empty text" };
  try {
    return parametersOf(text).join(", ");
  } catch (error) {
    return { problem: "not-a-message", detail: String(error) };
  }
}
