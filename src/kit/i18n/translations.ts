import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../instance.js";
import { LANGUAGES } from "./languages.js";

/** Every text by its key, `<folder>.<path>`, in each language. */
export type Translations = Readonly<Record<Language, ReadonlyMap<string, string>>>;

/**
 * Read `views/<folder>/<language>.json` of every folder, once, at start. Throws with the file's name
 * when a file is no JSON or holds anything but texts in nested objects.
 */
export function loadTranslations(viewsDir: string): Translations {
  const folders = readdirSync(viewsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
  const read = (language: Language): ReadonlyMap<string, string> => {
    const texts = new Map<string, string>();
    for (const folder of folders) readFolder(texts, viewsDir, folder, language);
    return texts;
  };
  return { fr: unbroken(read("fr")), en: read("en") };
}

/** French texts never break a line before their double punctuation, nor inside their quotes. */
function unbroken(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const kept = (text: string): string =>
    text.replace(/ (?=[:;?!»])/g, "\u00a0").replace(/(?<=«) /g, "\u00a0");
  return new Map([...texts].map(([key, text]) => [key, kept(text)]));
}

/** Translations from objects such as the files hold; for tests and tools. */
export function translationsOf(sources: Readonly<Record<Language, object>>): Translations {
  const flat = (language: Language): ReadonlyMap<string, string> => {
    const texts = new Map<string, string>();
    collect(texts, "", sources[language], `the ${language} texts`);
    return texts;
  };
  return { fr: flat("fr"), en: flat("en") };
}

/** Whether `key` has a text in every language. */
export function isTranslated(translations: Translations, key: string): boolean {
  return LANGUAGES.every((language) => translations[language].has(key));
}

function readFolder(
  texts: Map<string, string>,
  viewsDir: string,
  folder: string,
  language: Language,
): void {
  const file = join(viewsDir, folder, `${language}.json`);
  const source = readIfThere(file);
  if (source === null) return;
  collect(texts, folder, parse(file, source), file);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function parse(file: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new Error(`${file} is not JSON: ${String(cause)}`, { cause });
  }
}

function collect(texts: Map<string, string>, prefix: string, node: unknown, file: string): void {
  if (typeof node === "string") {
    texts.set(prefix, node);
    return;
  }
  if (typeof node !== "object" || node === null || Array.isArray(node)) {
    throw new Error(`${file}: "${prefix}" is neither a text nor a group of texts`);
  }
  for (const [name, child] of Object.entries(node)) {
    if (name === "" || name.includes(".")) throw new Error(`${file}: "${name}" under "${prefix}"`);
    collect(texts, prefix === "" ? name : `${prefix}.${name}`, child, file);
  }
}
