import { FetchRefused } from "../../drivers/fetch.js";
import { throttle, type Ctx, type RemoteAct } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { mayTalk } from "../policy/policy.js";
import type { Services } from "../services.js";
import { readTyped, type TypedServer } from "./typed.js";
import { readJrd, wayFor, type ActedOn, type Jrd } from "./ways.js";

/** Why there is no way, each with words `interact.errors.<word>`. */
export type NoWay =
  "malformed" | "here" | "blocked" | "nobody" | "unreachable" | "notPublic" | "refuses" | "none";

/** What came of looking for the way to somebody's own server. */
export type Way =
  | { readonly kind: "found"; readonly url: URL; readonly server: TypedServer }
  | { readonly kind: "none"; readonly why: NoWay };

/** Whose server, for what, and who asks. */
export interface Wish {
  readonly typed: string;
  readonly act: RemoteAct;
  readonly on: ActedOn;
  /** The visitor's address, for the throttle. */
  readonly ip: string;
}

const minute = 60_000;
const perVisitor = { what: "interact", limit: 20, windowMs: 10 * minute };
const forAll = { what: "interact-all", limit: 600, windowMs: 10 * minute };
/** A visitor waits for it. */
const patienceMs = 8_000;

const none = (why: NoWay): Way => ({ kind: "none", why });

/**
 * Ask somebody's server how they act from there on something of ours.
 * @throws Refusal("too-many-tries") when one visitor, or all together, ask too often.
 */
export async function findWay(services: Services, ctx: Ctx, wish: Wish): Promise<Way> {
  const plainHttp = services.parts.allowPrivate && ctx.instance.origin.startsWith("http:");
  const server = readTyped(wish.typed, plainHttp);
  if (server === null) return none("malformed");
  const { host } = server;
  const ours = [hostOf(ctx.instance.origin), ctx.instance.host, ...ctx.instance.aliases];
  if (ours.includes(host)) return none("here");
  if (await isUnwanted(services, ctx, host)) return none("blocked");
  await throttle(ctx, perVisitor, wish.ip);
  await throttle(ctx, forAll, "all");
  try {
    const told = await ask(services, ctx, server);
    if (told === null) return none("nobody");
    const { jrd, hosts } = told;
    const url = wayFor(jrd, wish.act, wish.on, { hosts, plainHttp });
    if (url === null) return none("none");
    return (await isUnwanted(services, ctx, url.host))
      ? none("blocked")
      : { kind: "found", url, server };
  } catch (error) {
    if (error instanceof FetchRefused) return none(wordOf(error));
    throw error;
  }
}

interface Told {
  readonly jrd: Jrd;
  /** The server that was named, and the one it sent us on to. */
  readonly hosts: readonly string[];
}

/**
 * Ask about an account. One that says it is an account of another server is asked about there, once,
 * as its own server alone can say what its people do.
 */
async function ask(services: Services, ctx: Ctx, server: TypedServer): Promise<Told | null> {
  const first = await firstAnswer(services, ctx, server);
  const elsewhere = first === null ? null : subjectElsewhere(first, server);
  if (elsewhere === null) return first;
  const plainHttp = server.origin.startsWith("http:");
  const home = readTyped(elsewhere, plainHttp);
  return home === null ? first : firstAnswer(services, ctx, home);
}

function subjectElsewhere({ jrd, hosts }: Told, { resources }: TypedServer): string | null {
  const subject = jrd.subject ?? "";
  const isAccount =
    resources[0]?.startsWith("acct:") === true && /^acct:[^@]+@[^@]+$/.test(subject);
  const host = isAccount ? hostOf(`https://${subject.split("@")[1]}`) : null;
  return host === null || hosts.includes(host) ? null : subject;
}

async function firstAnswer(
  services: Services,
  ctx: Ctx,
  { origin, host, resources }: TypedServer,
): Promise<Told | null> {
  const { fetcher } = services.reachOf(ctx.instance);
  for (const resource of resources) {
    const url = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`;
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const found = await fetcher.get(url, { accept: "jrd", signal });
      const jrd = readJrd(found.body);
      if (jrd !== null) return { jrd, hosts: [...new Set([host, new URL(found.url).host])] };
    } catch (error) {
      if (!(error instanceof FetchRefused) || !isUnknown(error)) throw error;
    }
  }
  return null;
}

function isUnknown({ code, status }: FetchRefused): boolean {
  if (code === "bad-type" || code === "bad-body") return true;
  return code === "status" && [400, 404, 410, 422].includes(status ?? 0);
}

async function isUnwanted({ policy }: Services, ctx: Ctx, host: string): Promise<boolean> {
  return !mayTalk(await policy.standing(ctx, [`https://${host}/`]));
}

function wordOf(error: FetchRefused): NoWay {
  if (error.code === "unwanted") return "blocked";
  if (error.code === "private-address" || error.code === "bad-port") return "notPublic";
  if (error.code === "bad-url" || error.code === "bad-scheme") return "malformed";
  if (error.code === "status" && !error.isPassing) return "refuses";
  return error.isPassing ? "unreachable" : "none";
}
