import { LRUCache } from "lru-cache";
import type { Clock } from "../../drivers/clock.js";
import {
  FetchRefused,
  type Fetcher,
  type GetOptions,
  type PostAnswer,
  type PostOptions,
} from "../../drivers/fetch.js";
import { signCavage, signCavageAside, type RequestToSign, type Signer } from "./cavage.js";
import { signRfc9421, signRfc9421Aside } from "./rfc9421.js";
import type { Digest } from "./digest.js";
import type { Turns } from "../turns.js";

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

/** The answer to a POST, and the scheme by which it was signed. */
export interface Knocked {
  readonly answer: PostAnswer;
  readonly scheme: SignatureScheme;
}

/** What a POST is signed with. */
export interface PostSigning {
  /** The keys to try in turn, at least one: an older one is known where the newest is not yet. */
  readonly signers: readonly Signer[];
  readonly clock: Clock;
  /** The scheme that the host took last. */
  readonly scheme: SignatureScheme;
  readonly digest?: Digest | undefined;
  /** Shares out the threads that sign; at once when absent. */
  readonly turns?: Turns | undefined;
}

/**
 * POST by the scheme that the host took last, with each key in turn; knock once more by the other
 * scheme when the answer stays 400 or 401. When nothing is understood, the first answer stands.
 * @throws FetchRefused
 */
export async function postKnocking(
  fetcher: Fetcher,
  { signers, clock, scheme, digest, turns = (work) => work() }: PostSigning,
  url: string,
  options: PostOptions,
): Promise<Knocked> {
  const last = signers.at(-1);
  if (last === undefined) throw new Error("nobody signs");
  const knocks = [
    ...signers.map((signer) => ({ signer, scheme })),
    { signer: last, scheme: otherThan(scheme) },
  ];
  let first: Knocked | null = null;
  for (const knock of knocks) {
    const request = { method: "POST", url, body: options.body, date: clock.now(), digest };
    const sign = knock.scheme === "cavage" ? signCavageAside : signRfc9421Aside;
    const signed = await turns(() => sign(request, knock.signer));
    const headers = { ...options.headers, ...signed };
    const answer = await fetcher.post(url, { ...options, headers });
    if (!isUnknownScheme(answer.status)) return { answer, scheme: knock.scheme };
    first ??= { answer, scheme };
  }
  return first ?? Promise.reject(new Error("nobody signs"));
}

async function postRemembering(
  fetcher: Fetcher,
  { signer, clock, memory }: KnockOptions,
  url: string,
  options: PostOptions,
): Promise<PostAnswer> {
  const { host } = new URL(url);
  const known = memory.of(host);
  const signing = { signers: [await signer()], clock, scheme: known };
  const { answer, scheme } = await postKnocking(fetcher, signing, url, options);
  if (scheme !== known && answer.status < 300) memory.remember(host, scheme);
  return answer;
}

/**
 * A fetcher that signs what it sends: draft-cavage first, once more by RFC 9421 when the host
 * answers 400 or 401 (or the other way round where that is what the host took last).
 */
export function withSignatures(fetcher: Fetcher, options: KnockOptions): Fetcher {
  return {
    get: async (url, get) => getKnocking(fetcher, options, url, get),
    post: async (url, post) => postRemembering(fetcher, options, url, post),
    close: () => fetcher.close(),
  };
}
