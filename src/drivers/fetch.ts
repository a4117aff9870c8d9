import type { Dispatcher } from "undici";
import { bareFetch, type AroundFetch } from "./fetch/around.js";
import { dateIn, headerOf, readBody } from "./fetch/body.js";
import type { FetchBudget } from "./fetch/budget.js";
import { createDispatcher, type Connections, type Resolve } from "./fetch/dispatcher.js";
import { createHostSlots, type HostSlots } from "./fetch/host-slots.js";
import { defaultLimits, type FetchLimits } from "./fetch/limits.js";
import type { Fetched, PostOptions } from "./fetch/messages.js";
import { acceptHeader, isAllowedType, type AcceptKind } from "./fetch/media-types.js";
import { FetchRefused } from "./fetch/refused.js";
import { checkTarget, nextHop, redirectStatuses } from "./fetch/targets.js";
import { refusalsOf, withDeadline } from "./fetch/deadline.js";
import { sendPost, type PostAnswer } from "./fetch/posting.js";
import { parseRetryAfter } from "./fetch/retry-after.js";

export { createBudget, type FetchBudget } from "./fetch/budget.js";
export { FetchRefused, type FetchRefusedCode } from "./fetch/refused.js";
export type { Fetched, PostOptions } from "./fetch/messages.js";
export type { FetchLimits } from "./fetch/limits.js";
export type { PostAnswer } from "./fetch/posting.js";
export type { AcceptKind } from "./fetch/media-types.js";
export { isGlobalUnicast } from "./fetch/addresses.js";

/** A request about to leave, as its signer sees it: once per hop. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
}

/** Gives the headers that prove who asks (see `signCavage` and `signRfc9421`). */
export type SignRequest = (
  request: OutgoingRequest,
) => Record<string, string> | Promise<Record<string, string>>;

/** How to get a document. */
export interface GetOptions {
  readonly accept: AcceptKind;
  readonly signal?: AbortSignal | undefined;
  readonly sign?: SignRequest | undefined;
  readonly budget?: FetchBudget | undefined;
}

/** The one door to other servers. Both functions throw FetchRefused for every expected failure. */
export interface Fetcher {
  get(url: string, options: GetOptions): Promise<Fetched>;
  post(url: string, options: PostOptions): Promise<PostAnswer>;
  /** End kept connections; requests under way are ended too. */
  close(): Promise<void>;
}

/** How fetchers are made. */
export interface FetchersOptions {
  /** Of the software: who asks is sent as `Parvis/<version> (+<instance url>)`. */
  readonly version: string;
  /** Only for demonstrations and tests: loopback, private networks, any port, `*.localhost`. */
  readonly allowPrivate?: boolean | undefined;
  /** Instead of the system's resolver. */
  readonly resolve?: Resolve | undefined;
  readonly limits?: Partial<FetchLimits> | undefined;
  /** Is given each request to make; without it, it is just made. */
  readonly around?: AroundFetch | undefined;
}

/** How a single fetcher is made. */
export interface FetcherOptions extends FetchersOptions {
  readonly instanceUrl: string;
}

/** Fetchers of many instances that share their connections and their places at each host. */
export interface Fetchers {
  /** The fetcher of one instance; closing it closes nothing. */
  of(instanceUrl: string): Fetcher;
  close(): Promise<void>;
}

interface Parts {
  /** Made for the first request. */
  readonly connections: () => Connections;
  readonly slots: HostSlots;
  readonly limits: FetchLimits;
  readonly allowPrivate: boolean;
  readonly userAgent: string;
  readonly around: AroundFetch;
}

/** What every request says, whatever else. */
function requestTo({ connections, userAgent }: Parts, url: URL, given: Record<string, string>) {
  const headers = { ...given, "user-agent": userAgent };
  const path = url.pathname + url.search;
  return { origin: url.origin, path, headers, reset: !connections().mayKeep() };
}

interface Hop {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

async function inSlot<T>(
  parts: Parts,
  { url, headers, signal }: Hop,
  use: (data: Dispatcher.ResponseData) => Promise<T>,
) {
  const release = await parts.slots.take(url.host, signal);
  try {
    const asked = { ...requestTo(parts, url, headers), method: "GET", signal } as const;
    const { agent } = parts.connections();
    const data = await parts.around(
      "GET",
      () => agent.request(asked),
      ({ statusCode }) => statusCode,
    );
    // A body that is left early is destroyed with an error, which nobody else listens for.
    data.body.on("error", () => undefined);
    return await use(data);
  } finally {
    release();
  }
}

async function readDocument(
  { limits }: Parts,
  { accept }: GetOptions,
  url: string,
  { statusCode, headers, body }: Dispatcher.ResponseData,
): Promise<Fetched> {
  if (statusCode < 200 || statusCode > 299) {
    body.destroy();
    const retryAfter = parseRetryAfter(headerOf(headers, "retry-after")) ?? undefined;
    throw new FetchRefused("status", { url, status: statusCode, retryAfter });
  }
  const contentType = headerOf(headers, "content-type") ?? "";
  if (!isAllowedType(accept, contentType)) {
    body.destroy();
    throw new FetchRefused("bad-type", { url });
  }
  const date = dateIn(headerOf(headers, "date"));
  return { url, contentType, date, body: await readBody(body, headers, limits.maxBytes) };
}

async function oneHop(
  parts: Parts,
  url: URL,
  options: GetOptions,
  signal: AbortSignal,
): Promise<Fetched | { readonly location: string }> {
  options.budget?.spend();
  const signed = await options.sign?.({ method: "GET", url: url.href });
  const headers = {
    ...signed,
    accept: acceptHeader(options.accept),
    "accept-encoding": "gzip, identity",
  };
  return inSlot(parts, { url, headers, signal }, async (data) => {
    const location = headerOf(data.headers, "location");
    if (redirectStatuses.has(data.statusCode) && location !== null) {
      data.body.destroy();
      return { location };
    }
    return readDocument(parts, options, url.href, data);
  });
}

async function getFollowing(
  parts: Parts,
  start: URL,
  options: GetOptions,
  signal: AbortSignal,
): Promise<Fetched> {
  const visited = new Set<string>();
  let url = start;
  for (let redirects = 0; redirects <= parts.limits.maxRedirects; redirects += 1) {
    visited.add(url.href);
    const answer = await oneHop(parts, url, options, signal);
    if (!("location" in answer)) return answer;
    url = nextHop(url, answer.location, visited, parts.allowPrivate);
  }
  throw new FetchRefused("too-many-redirects", { url: start.href });
}

async function postOnce(parts: Parts, url: URL, options: PostOptions): Promise<PostAnswer> {
  const { totalMs, maxReplyBytes } = parts.limits;
  const { headers, body, signal } = options;
  signal?.throwIfAborted();
  const begun = performance.now();
  const release = parts.slots.takeFree(url.host) ?? (await waitForSlot(parts, url, signal));
  try {
    const { agent } = parts.connections();
    const request = { ...requestTo(parts, url, { ...headers }), method: "POST", body } as const;
    const left = totalMs - (performance.now() - begun);
    const bounds = { maxReplyBytes, totalMs: left, signal };
    return await parts.around(
      "POST",
      () => sendPost(agent, request, bounds),
      ({ status }) => status,
    );
  } finally {
    release();
  }
}

/** A place at a host where none is free. */
function waitForSlot({ slots, limits }: Parts, url: URL, outer: AbortSignal | undefined) {
  return withDeadline(url.href, limits.totalMs, outer, (signal) => slots.take(url.host, signal));
}

function fetcherOf(parts: Parts): Fetcher {
  const { limits, allowPrivate } = parts;
  return {
    get(url, get) {
      return withDeadline(url, limits.totalMs, get.signal, async (signal) =>
        getFollowing(parts, checkTarget(url, allowPrivate), get, signal),
      );
    },
    post(url, post) {
      const stopped = () => (post.signal?.aborted === true ? "aborted" : null);
      return refusalsOf(url, stopped, async () =>
        postOnce(parts, checkTarget(url, allowPrivate), post),
      );
    },
    close: () => Promise.resolve(),
  };
}

/**
 * The safe way out (SSRF rules of the project): only global unicast addresses, checked on the
 * connected socket at every hop; ports 80 and 443; at most three redirects, of the same scheme and
 * never to a URL twice; bounded in time, in size after decompression, and per host over all the
 * instances that share it.
 */
export function createFetchers(options: FetchersOptions): Fetchers {
  const limits: FetchLimits = { ...defaultLimits, ...options.limits };
  const allowPrivate = options.allowPrivate ?? false;
  let made: Connections | null = null;
  const connections = (): Connections =>
    (made ??= createDispatcher({ allowPrivate, resolve: options.resolve, limits }));
  const { around = bareFetch } = options;
  const shared = { connections, slots: createHostSlots(limits), limits, allowPrivate, around };
  return {
    of: (instanceUrl) =>
      fetcherOf({ ...shared, userAgent: `Parvis/${options.version} (+${instanceUrl})` }),
    close: async () => made?.agent.destroy(),
  };
}

/** One fetcher with connections and places of its own (see `createFetchers`). */
export function createFetcher(options: FetcherOptions): Fetcher {
  const fetchers = createFetchers(options);
  return { ...fetchers.of(options.instanceUrl), close: () => fetchers.close() };
}
