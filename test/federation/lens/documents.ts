/** A document of ActivityStreams as it came. */
export type Doc = Readonly<Record<string, unknown>>;

/** Reads a document at an address; null when there is none. */
export type Load = (address: string) => Promise<Doc | null>;

const AS = "https://www.w3.org/ns/activitystreams#";
const everybody: ReadonlySet<unknown> = new Set([`${AS}Public`, "as:Public", "Public"]);

/** A value or a list of values, as a list. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Whether a value is an object, rather than its address. */
export function isDoc(value: unknown): value is Doc {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The address of a value, be it given by its id or embedded. */
export function idOf(value: unknown): string | null {
  const one = listOf(value)[0];
  const id = isDoc(one) ? one["id"] : one;
  return typeof id === "string" ? id : null;
}

/** A text, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The first type that is given. */
export function typeOf(document: Doc): string {
  return String(listOf(document["type"])[0] ?? "");
}

/** The addresses in a property. */
export function addressesIn(document: Doc, property: string): readonly string[] {
  return listOf(document[property])
    .map(idOf)
    .filter((id) => id !== null);
}

/** Whether a property addresses everybody. */
export function isForAll(document: Doc, property: string): boolean {
  return listOf(document[property]).some((one) => everybody.has(one));
}

/** The host of an address, with its port. */
export function hostOf(address: string | null): string {
  return address === null || !URL.canParse(address) ? "" : new URL(address).host;
}
