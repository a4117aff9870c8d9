import type { Document } from "../../drivers/store/collection.js";
import { cutText } from "./sanitize.js";
import { allWordsOf, stemsOf, wordsOf, type StemLanguage, type Word } from "./words.js";
import { STOP_WORDS } from "./stop-words.js";

/** The terms kept on one document never exceed this; the title's come first. */
export const MAX_TERMS = 400;

/** Of a title and a body, this many UTF-16 units are analysed. */
const MAX_TITLE = 300;
const MAX_BODY = 20_000;

/** Of what a visitor types, this much is read. */
const MAX_QUERY = 200;
const MAX_QUERY_WORDS = 8;

/** A last word this short is not taken for the beginning of a longer one. */
const MIN_PREFIX = 3;

/** Words whose terms a bulk analysis remembers. */
const MAX_REMEMBERED = 50_000;

/** Marks the terms of a title; no word holds a colon. */
const IN_TITLE = "t:";

const STEM_LANGUAGES: readonly StemLanguage[] = ["fr", "en"];

/** What is searched of a document: plain text or Markdown. */
export interface Searchable {
  readonly title: string;
  readonly body: string;
}

/** A search as analysed from what a visitor typed. */
export interface SearchQuery {
  /** Every word but an unfinished last one, each by the terms of which one must be there. */
  readonly all: ReadonlyArray<readonly string[]>;
  /** The last word while it may still be growing, folded; else `null`. */
  readonly prefix: string | null;
  /** What else satisfies it: the stems of the last word, were it finished, that do not begin so. */
  readonly prefixTerms: readonly string[];
}

/** Where a search looks: titles alone come first on a page of results. */
export type SearchPlace = "anywhere" | "title";

function isStemLanguage(language: string): language is StemLanguage {
  return language === "fr" || language === "en";
}

/** The whole word, for prefixes, and its stems in every language a proposal may be written in. */
function termsOfWord(word: Word): readonly string[] {
  return [word.folded, ...STEM_LANGUAGES.flatMap((language) => stemsOf(word, language))];
}

function analyseWith(
  { title, body }: Searchable,
  termsOf: (word: Word) => readonly string[],
): string[] {
  const terms = new Set<string>();
  for (const word of wordsOf(cutText(title, MAX_TITLE))) {
    for (const term of termsOf(word)) terms.add(term).add(IN_TITLE + term);
  }
  const seen = new Set<string>();
  for (const word of wordsOf(cutText(body, MAX_BODY))) {
    if (terms.size >= MAX_TERMS) break;
    if (seen.has(word.written)) continue;
    seen.add(word.written);
    for (const term of termsOf(word)) terms.add(term);
  }
  return [...terms].slice(0, MAX_TERMS);
}

/**
 * The terms to keep on a document, for one multikey index: each distinct word without accents, with
 * its French and English stems (people write in either, whatever the page's language), those of the
 * title also marked as such. At most 400, the title's first and then the body's in their order.
 */
export function analyse(document: Searchable): string[] {
  return analyseWith(document, termsOfWord);
}

/** `analyse` for many documents: remembers the terms of the words it met, up to a bound. */
export function createAnalyser(): (document: Searchable) => string[] {
  const known = new Map<string, readonly string[]>();
  const remembered = (word: Word): readonly string[] => {
    const terms = known.get(word.written) ?? termsOfWord(word);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(word.written, terms);
    return terms;
  };
  return (document) => analyseWith(document, remembered);
}

function endsInsideWord(text: string): boolean {
  return /[\p{L}\p{N}\p{M}]$/u.test(text);
}

function queryWords(text: string): { finished: Word[]; last: Word | null } {
  const every = allWordsOf(text);
  const useful = every.filter(({ written }) => !STOP_WORDS.has(written));
  const words = useful.length > 0 ? useful : every.slice(-1);
  const typing = endsInsideWord(text) && words.length > 0 && words.at(-1) === every.at(-1);
  const kept = words.slice(0, MAX_QUERY_WORDS);
  return typing && kept.length === words.length
    ? { finished: kept.slice(0, -1), last: kept.at(-1) ?? null }
    : { finished: kept, last: null };
}

/**
 * Analyse what a visitor typed. `languages` are the visitor's, whose endings are taken off; with none
 * that has known endings, words are sought as they are. The last word counts as unfinished unless a
 * space or a mark follows it. Reads at most 200 units and 8 words. Never throws.
 */
export function analyseQuery(text: string, languages: readonly string[]): SearchQuery {
  const known = languages.filter(isStemLanguage);
  const formsOf = (word: Word): readonly string[] => {
    const stems = known.flatMap((language) => stemsOf(word, language));
    return stems.length === 0 ? [word.folded] : [...new Set(stems)];
  };
  const { finished, last } = queryWords(cutText(text, MAX_QUERY));
  const growing = last !== null && last.folded.length >= MIN_PREFIX ? last.folded : null;
  const whole = last === null || growing !== null ? finished : [...finished, last];
  return {
    all: whole.map(formsOf),
    prefix: growing,
    prefixTerms:
      last === null || growing === null
        ? []
        : formsOf(last).filter((term) => !term.startsWith(growing)),
  };
}

/** Whether nothing was asked that can be searched by: the filter then matches everything. */
export function isEmptyQuery(query: SearchQuery): boolean {
  return query.all.length === 0 && query.prefix === null;
}

function anyOf(terms: readonly string[], mark: string): Document {
  const [first, ...others] = terms;
  return { terms: others.length === 0 ? mark + first : { $in: terms.map((term) => mark + term) } };
}

/**
 * The filter of a search over documents whose `terms` come from `analyse`; the same on both stores,
 * answered by an index that ends in `terms`. Every word must match; `title` asks that of the title.
 * To show titles first, page through `title` and then `anywhere` without them:
 * `{ $and: [searchFilter(q), { $nor: [searchFilter(q, "title")] }] }`.
 */
export function searchFilter(query: SearchQuery, place: SearchPlace = "anywhere"): Document {
  const mark = place === "title" ? IN_TITLE : "";
  const clauses = query.all.map((terms) => anyOf(terms, mark));
  if (query.prefix !== null) {
    const begins = { terms: { $regex: `^${mark}${query.prefix}` } };
    const whole = query.prefixTerms.length > 0 ? [anyOf(query.prefixTerms, mark)] : [];
    clauses.push(whole.length > 0 ? { $or: [begins, ...whole] } : begins);
  }
  if (clauses.length === 0) return {};
  return clauses.length === 1 ? (clauses[0] ?? {}) : { $and: clauses };
}
