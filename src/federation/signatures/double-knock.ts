import { LRUCache } from "lru-cache";
import type { Clock } from "../../drivers/clock.js";
import {
  FetchRefused,
  type Fetcher,
  type GetOptions,
  type PostAnswer,
  type PostOptions,
} from "../../drivers/fetch.js";
import { signCavage, type RequestToSign, type Signer } from "./cavage.js";
import { signRfc9421 } from "./rfc9421.js";

/** The two ways of signing a request. */
export type SignatureScheme = "cavage" | "rfc9421";

/** Which scheme each host took last; shared by all that sign. */
export interface SchemeMemory {
  of(host: string): SignatureScheme;
  remember(host: string, scheme: SignatureScheme): void;
}

/** A memory of `size` hosts, forgotten after a week, when the host may have been upgraded. */
export function createSchemeMemory(size = 5_000): SchemeMemory {
  const known = new LRUCache<string, SignatureScheme>({ max: size, ttl: 7 * 24 * 3_600_000 });
  return {
    of: (host) => known.get(host) ?? "cavage",
    remember: (host, scheme) => void known.set(host, scheme),
  };
}

/** Who signs, when, and what is known of the hosts. */
export interface KnockOptions {
  /** The key that signs; asked for once per request, never kept. */
  readonly signer: () => Signer | Promise<Signer>;
  readonly clock: Clock;
  readonly memory: SchemeMemory;
}

function signAs(scheme: SignatureScheme, request: RequestToSign, signer: Signer) {
  return (scheme === "cavage" ? signCavage : signRfc9421)(request, signer);
}

function otherThan(scheme: SignatureScheme): SignatureScheme {
  return scheme === "cavage" ? "rfc9421" : "cavage";
}

// What peers answer to a scheme that they do not know.
function isUnknownScheme(status: number | null): boolean {
  return status === 400 || status === 401;
}

async function getKnocking(
  fetcher: Fetcher,
  { signer, clock, memory }: KnockOptions,
  url: string,
  options: GetOptions,
) {
  const attempt = (retried: { host: string; scheme: SignatureScheme } | null) =>
    fetcher.get(url, {
      ...options,
      sign: async (request) => {
        const { host } = new URL(request.url);
        const scheme = retried?.host === host ? retried.scheme : memory.of(host);
        return signAs(scheme, { ...request, date: clock.now() }, await signer());
      },
    });
  try {
    return await attempt(null);
  } catch (error) {
    const isRefusal = error instanceof FetchRefused && isUnknownScheme(error.status);
    if (!isRefusal || error.url === null) throw error;
    const { host } = new URL(error.url);
    const scheme = otherThan(memory.of(host));
    const found = await attempt({ host, scheme });
    memory.remember(host, scheme);
    return found;
  }
}

async function postKnocking(
  fetcher: Fetcher,
  { signer, clock, memory }: KnockOptions,
  url: string,
  options: PostOptions,
): Promise<PostAnswer> {
  const { host } = new URL(url);
  const held = await signer();
  const attempt = (scheme: SignatureScheme) => {
    const request = { method: "POST", url, body: options.body, date: clock.now() };
    const headers = { ...options.headers, ...signAs(scheme, request, held) };
    return fetcher.post(url, { ...options, headers });
  };
  const first = memory.of(host);
  const answer = await attempt(first);
  if (!isUnknownScheme(answer.status)) return answer;
  const second = await attempt(otherThan(first));
  if (isUnknownScheme(second.status)) return answer;
  if (second.status < 300) memory.remember(host, otherThan(first));
  return second;
}

/**
 * A fetcher that signs what it sends: draft-cavage first, once more by RFC 9421 when the host
 * answers 400 or 401 (or the other way round where that is what the host took last).
 */
export function withSignatures(fetcher: Fetcher, options: KnockOptions): Fetcher {
  return {
    get: async (url, get) => getKnocking(fetcher, options, url, get),
    post: async (url, post) => postKnocking(fetcher, options, url, post),
    close: () => fetcher.close(),
  };
}
