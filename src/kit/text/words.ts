import { stemmer as englishStem } from "@orama/stemmers/english";
import { stemmer as frenchStem } from "@orama/stemmers/french";
import { STOP_WORDS } from "./stop-words.js";

/** Shortest and longest token that is searched by. */
const MIN_TOKEN = 2;
const MAX_TOKEN = 40;

const TOKEN = /[\p{L}\p{N}]+/gu;
const PLAIN = /^[a-z0-9]*$/u;
const MARKS = /\p{M}+/gu;
const LETTERS_WITHOUT_PARTS = /[œæßøłđðþı]/gu;
const PARTS: Readonly<Record<string, string>> = {
  œ: "oe",
  æ: "ae",
  ß: "ss",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/** A language whose endings are known; words of others are only folded. */
export type StemLanguage = "fr" | "en";

const STEMMERS: Readonly<Record<StemLanguage, (word: string) => string>> = {
  fr: frenchStem,
  en: englishStem,
};

/** A word of a text: as it was written (lower-cased), and without its accents. */
export interface Word {
  readonly written: string;
  readonly folded: string;
}

/** Lower-case, without accents or ligatures: "Cœur d'Évreux" becomes "coeur d'evreux". */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text;
  const plain = text.toLowerCase().normalize("NFKD").replace(MARKS, "");
  return plain.replace(LETTERS_WITHOUT_PARTS, (letter) => PARTS[letter] ?? letter);
}

/**
 * The words of a text in order, each as often as it occurs: split at anything that is no letter or
 * digit, so at apostrophes ("l'école" is "école"); the Catalan middle dot joins ("col·legi"). Common
 * words, single letters and tokens beyond 40 characters are left out.
 */
export function wordsOf(text: string): Word[] {
  return allWordsOf(text).filter(({ written }) => !STOP_WORDS.has(written));
}

/** As `wordsOf`, common words included. */
export function allWordsOf(text: string): Word[] {
  const joined = text.toLowerCase().normalize("NFC").replaceAll("·", "");
  const words: Word[] = [];
  for (const [written] of joined.matchAll(TOKEN)) {
    const folded = fold(written);
    if (folded.length < MIN_TOKEN || folded.length > MAX_TOKEN) continue;
    words.push({ written, folded });
  }
  return words;
}

/**
 * The stems under which a word of a language may be found, without accents: those of the word as
 * written and as folded, since the French endings depend on accents that people leave out.
 */
export function stemsOf({ written, folded }: Word, language: StemLanguage): string[] {
  const stem = STEMMERS[language];
  const first = fold(stem(written));
  const second = written === folded ? first : stem(folded);
  return first === second ? [first] : [first, second];
}
