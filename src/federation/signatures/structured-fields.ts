import { decodeBase64, SignatureProblem } from "./request.js";

/** What a structured field may hold here: tokens stay apart from strings. */
export type Bare = string | number | boolean | Buffer | { readonly token: string };

/** Parameters in the order they were written; no name twice. */
export type Parameters = ReadonlyMap<string, Bare>;

/** A member of a dictionary: an item, or a list of strings with their own parameters. */
export type Member =
  | { readonly kind: "item"; readonly value: Bare; readonly parameters: Parameters }
  | { readonly kind: "list"; readonly items: readonly ListItem[]; readonly parameters: Parameters };

/** One string of an inner list. */
export interface ListItem {
  readonly value: string;
  readonly parameters: Parameters;
}

interface Scanner {
  readonly text: string;
  at: number;
}

const longestField = 4096;
const mostEntries = 32;

function problem(what: string): SignatureProblem {
  return new SignatureProblem("malformed-signature", `structured field: ${what}`);
}

function take(scanner: Scanner, pattern: RegExp): string | null {
  pattern.lastIndex = scanner.at;
  const found = pattern.exec(scanner.text);
  if (found === null) return null;
  scanner.at += found[0].length;
  return found[1] ?? found[0];
}

function skip(scanner: Scanner, character: string): boolean {
  if (scanner.text[scanner.at] !== character) return false;
  scanner.at += 1;
  return true;
}

function parseKey(scanner: Scanner): string {
  const key = take(scanner, /[a-z*][a-z0-9_.*-]{0,63}/y);
  if (key === null) throw problem("a name is missing");
  return key;
}

function parseText(scanner: Scanner): string | null {
  const raw = take(scanner, /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y);
  return raw === null ? null : raw.replace(/\\(["\\])/g, "$1");
}

function parseBare(scanner: Scanner): Bare {
  const text = parseText(scanner);
  if (text !== null) return text;
  const bytes = take(scanner, /:([A-Za-z0-9+/=]*):/y);
  if (bytes !== null) return decodeBase64(bytes) ?? Buffer.alloc(0);
  const integer = take(scanner, /-?\d{1,15}(?![\d.])/y);
  if (integer !== null) return Number(integer);
  const flag = take(scanner, /\?([01])/y);
  if (flag !== null) return flag === "1";
  const token = take(scanner, /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y);
  if (token !== null) return { token };
  throw problem("a value is missing");
}

function parseParameters(scanner: Scanner): Parameters {
  const parameters = new Map<string, Bare>();
  while (skip(scanner, ";")) {
    take(scanner, / */y);
    const key = parseKey(scanner);
    if (parameters.has(key) || parameters.size >= mostEntries) throw problem(`${key} is repeated`);
    parameters.set(key, skip(scanner, "=") ? parseBare(scanner) : true);
  }
  return parameters;
}

function parseInnerList(scanner: Scanner): readonly ListItem[] {
  const items: ListItem[] = [];
  for (;;) {
    const spaces = take(scanner, / */y) ?? "";
    if (skip(scanner, ")")) return items;
    if (items.length > 0 && spaces === "") throw problem("a space is missing");
    const value = parseText(scanner);
    if (value === null || items.length >= mostEntries) throw problem("the list is not of strings");
    items.push({ value, parameters: parseParameters(scanner) });
  }
}

function parseMember(scanner: Scanner): Member {
  if (!skip(scanner, "=")) {
    return { kind: "item", value: true, parameters: parseParameters(scanner) };
  }
  if (skip(scanner, "(")) {
    const items = parseInnerList(scanner);
    return { kind: "list", items, parameters: parseParameters(scanner) };
  }
  const value = parseBare(scanner);
  return { kind: "item", value, parameters: parseParameters(scanner) };
}

/**
 * Read a dictionary (RFC 8941, 4.2.2), stricter than the RFC: no name twice, no decimals, inner
 * lists of strings only, bounded. Throws SignatureProblem `malformed-signature`.
 */
export function parseDictionary(text: string): ReadonlyMap<string, Member> {
  if (text.length > longestField) throw problem("too long");
  const scanner: Scanner = { text: text.trim(), at: 0 };
  const members = new Map<string, Member>();
  do {
    take(scanner, /[ \t]*/y);
    const key = parseKey(scanner);
    if (members.has(key) || members.size >= mostEntries) throw problem(`${key} is repeated`);
    members.set(key, parseMember(scanner));
    take(scanner, /[ \t]*/y);
  } while (skip(scanner, ","));
  if (scanner.at !== scanner.text.length) throw problem("something follows the last member");
  return members;
}

function serializeBare(value: Bare): string {
  if (typeof value === "string") return `"${value.replace(/["\\]/g, "\\$&")}"`;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "?1" : "?0";
  return Buffer.isBuffer(value) ? `:${value.toString("base64")}:` : value.token;
}

function serializeParameters(parameters: Parameters): string {
  return [...parameters]
    .map(([key, value]) => (value === true ? `;${key}` : `;${key}=${serializeBare(value)}`))
    .join("");
}

/** Write an inner list with its parameters (RFC 8941, 4.1.1.1), as a signature base ends with it. */
export function serializeInnerList(list: Extract<Member, { kind: "list" }>): string {
  const items = list.items.map(
    (item) => serializeBare(item.value) + serializeParameters(item.parameters),
  );
  return `(${items.join(" ")})${serializeParameters(list.parameters)}`;
}
