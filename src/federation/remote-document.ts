import {
  FetchRefused,
  type FetchBudget,
  type Fetcher,
  type SignRequest,
} from "../drivers/fetch.js";
import { parseBoundedJson } from "./bounded-json.js";
import { readUrl } from "../drivers/web-address.js";

/** A JSON object of another server. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A document that was found at its own id. */
export interface RemoteDocument {
  readonly id: string;
  readonly document: JsonObject;
}

/** What a single fetch may be given. */
export interface FetchDocumentOptions {
  readonly budget?: FetchBudget | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fetch an object, actor, key or collection by its address. Throws FetchRefused. */
export type FetchDocument = (
  url: string,
  options?: FetchDocumentOptions,
) => Promise<RemoteDocument>;

/** Whether a value is a JSON object, and neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The origin of an http(s) address, or null for anything else. */
export function originOf(address: unknown): string | null {
  if (typeof address !== "string" || address.length > 2048) return null;
  const url = readUrl(address);
  return url?.protocol === "https:" || url?.protocol === "http:" ? url.origin : null;
}

// The id may carry the fragment that was asked for, and must spell its origin the one right way:
// other servers compare ids as strings, and so do we everywhere else.
function isIdOf(id: string, found: URL, asked: URL): boolean {
  if (id !== found.origin && !id.startsWith(`${found.origin}/`)) return false;
  const { href } = new URL(id);
  return href === found.href || (asked.hash !== "" && href === found.href + asked.hash);
}

/**
 * Fetches documents, signed as the instance actor where `sign` is given. A document's id must be
 * the address it was found at; one that names another address of the same origin is fetched from
 * there, once. Throws FetchRefused, `id-mismatch` when the id is not its own or of another origin.
 */
export function createFetchDocument(fetcher: Fetcher, sign?: SignRequest): FetchDocument {
  async function fetchOnce(url: string, options: FetchDocumentOptions) {
    const found = await fetcher.get(url, { ...options, accept: "activity", sign });
    const parsed = parseBoundedJson(found.body);
    if (parsed === null || !isJsonObject(parsed.value)) {
      throw new FetchRefused("bad-body", { url: found.url });
    }
    const { id } = parsed.value;
    if (typeof id !== "string" || originOf(id) === null) {
      throw new FetchRefused("id-mismatch", { url: found.url });
    }
    return {
      id,
      document: parsed.value,
      isOwn: isIdOf(id, new URL(found.url), new URL(url)),
      found,
    };
  }

  return async (url, options = {}) => {
    const first = await fetchOnce(url, options);
    if (first.isOwn) return { id: first.id, document: first.document };
    if (originOf(first.id) !== new URL(first.found.url).origin) {
      throw new FetchRefused("id-mismatch", { url });
    }
    const second = await fetchOnce(first.id, options);
    if (!second.isOwn || second.id !== first.id) throw new FetchRefused("id-mismatch", { url });
    return { id: second.id, document: second.document };
  };
}
