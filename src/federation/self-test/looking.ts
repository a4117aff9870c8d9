import { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, hostOf, instanceActor, sameOrigin } from "../addresses.js";
import { parseBoundedJson } from "../bounded-json.js";
import { mayTalk } from "../policy/policy.js";
import { actorOf, NotAnActor } from "../remote-actors.js";
import { createFetchDocument, isJsonObject, type JsonObject } from "../remote-document.js";
import { CIVIC_EXCHANGE } from "../vocabulary.js";
import { causeOf } from "./causes.js";
import { not, patience, well, type RunStep, type StepParts } from "./outcome.js";

const jrd = z.object({
  links: z.array(
    z.object({ rel: z.string(), type: z.string().nullish(), href: z.string().nullish() }),
  ),
});
const nodeInfo = z.object({
  software: z.object({ name: z.string().max(100), version: z.string().max(100) }),
});

/** Clocks further apart than this are worth a word; most servers bear much more. */
const skewMs = 5 * 60_000;
const mostSkewMs = 3_600_000;

/** Our own address is read as others would read it. */
export const ourselves: RunStep = async ({ services, ctx }) => {
  const { fetchDocument } = services.reachOf(ctx.instance);
  const { origin } = ctx.instance;
  const me = actorUri(ctx.instance, instanceActor);
  try {
    const host = hostOf(origin) ?? "";
    const found = await selfLink(services, ctx, origin, `acct:${host}@${host}`);
    const { id } = await fetchDocument(me, { signal: patience(services) });
    return found === me && id === me ? well(origin) : not("failed", "own-identity", found);
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    // Behind a router our own name may lead to a private address from here alone.
    if (error.code === "unwanted") return not("unproven", "shut", origin);
    if (error.code === "private-address") return not("unproven", "own-private", origin);
    return not(
      "failed",
      `own-${causeOf(error) === "certificate" ? "certificate" : "down"}`,
      origin,
    );
  }
};

/** Any answer over HTTP will do; whether it is blocked by us is asked first. */
export const reach: RunStep = async ({ services, ctx, test }) => {
  const { origin } = test;
  const standing = await services.policy.standing(ctx, [`${origin}/`]);
  if (!mayTalk(standing)) return not("failed", standing === "closed" ? "shut" : standing);
  try {
    await wellKnown(services, ctx, origin);
  } catch (error) {
    const answered = error instanceof FetchRefused && answers.has(error.code);
    if (!answered || (error.status ?? 0) >= 500) throw error;
  }
  return well(origin);
};

const answers = new Set(["status", "bad-type", "bad-body", "too-large"]);

type Services = StepParts["services"];

function wellKnown(services: Services, ctx: Ctx, origin: string) {
  const { fetcher } = services.reachOf(ctx.instance);
  const url = `${origin}/.well-known/nodeinfo`;
  return fetcher.get(url, { accept: "nodeinfo", signal: patience(services) });
}

/** Signatures are dated: the clocks must agree. */
export const clock: RunStep = async ({ services, ctx, test }) => {
  const found = await tried(() => wellKnown(services, ctx, test.origin));
  const date = found === null || found instanceof FetchRefused ? null : found.date;
  if (date === null) return not("unproven", "no-date");
  const skew = Math.abs(date.getTime() - ctx.clock.now().getTime());
  if (skew <= skewMs) return well();
  const minutes = `${Math.round(skew / 60_000)} min`;
  return not(skew > mostSkewMs ? "failed" : "warned", "clock", minutes);
};

/** What runs there, by NodeInfo; nothing depends on it. */
export const software: RunStep = async ({ services, ctx, test }) => {
  const { fetcher } = services.reachOf(ctx.instance);
  const found = await tried(async () => {
    const { body } = await wellKnown(services, ctx, test.origin);
    const { links } = jrd.parse(parseBoundedJson(body)?.value);
    const href = links.find(({ rel }) =>
      rel.includes("nodeinfo.diaspora.software/ns/schema/"),
    )?.href;
    if (href == null) return null;
    const document = await fetcher.get(href, { accept: "nodeinfo", signal: patience(services) });
    return nodeInfo.parse(parseBoundedJson(document.body)?.value).software;
  });
  if (found instanceof FetchRefused || found === null) return not("warned", "no-nodeinfo");
  return well(`${found.name} ${found.version}`);
};

async function tried<T>(work: () => Promise<T>): Promise<T | FetchRefused | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FetchRefused) return error;
    if (error instanceof z.ZodError) return null;
    throw error;
  }
}

/** Which actor is behind the account that was named, or behind the server itself. */
export const webfinger: RunStep = async ({ services, ctx, test }) => {
  const { host, origin, account } = test;
  const own = [`acct:${host}@${host}`, `${origin}/`];
  let last: FetchRefused | null = null;
  for (const resource of account === null ? own : [`acct:${account}`]) {
    try {
      const href = await selfLink(services, ctx, origin, resource);
      if (href !== null) return well(href, { actorUri: href });
    } catch (error) {
      if (!(error instanceof FetchRefused)) throw error;
      last = error;
    }
  }
  const isUnknown = last === null || last.status === 404 || last.status === 400;
  if (isUnknown) return not("failed", account === null ? "no-own-actor" : "no-account", account);
  throw last;
};

async function selfLink(
  services: Services,
  ctx: Ctx,
  origin: string,
  resource: string,
): Promise<string | null> {
  const { fetcher } = services.reachOf(ctx.instance);
  const url = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`;
  const { body } = await fetcher.get(url, { accept: "jrd", signal: patience(services) });
  const parsed = jrd.safeParse(parseBoundedJson(body)?.value);
  const self = parsed.data?.links.find(
    ({ rel, type }) => rel === "self" && (type ?? "").includes("activity"),
  );
  return self?.href != null && hostOf(self.href) !== null ? self.href : null;
}

/** The actor, asked for as all our reading is: signed. */
export const actor: RunStep = async ({ services, ctx, test }) => {
  const { fetchDocument } = services.reachOf(ctx.instance);
  const uri = test.actorUri ?? "";
  const { id, document } = await fetchDocument(uri, { signal: patience(services) });
  if (id !== uri) return not("failed", "identity", id);
  try {
    const { name, type, inbox } = actorOf(uri, document, ctx.clock.now());
    if (!sameOrigin(inbox, uri)) return not("failed", "inbox", inbox);
    return well(`${name} (${type})`, { inbox, answersTests: answersTests(document) });
  } catch (error) {
    if (error instanceof NotAnActor) return not("failed", "no-actor", uri);
    throw error;
  }
};

/** Whether its software says that it exchanges as ours does (FEP-844e). */
function answersTests(document: JsonObject): boolean {
  const { generator } = document;
  const told = [document["implements"], isJsonObject(generator) ? generator["implements"] : null];
  return told.flat().includes(CIVIC_EXCHANGE);
}

/** The same without a signature: some servers show it to nobody whom they do not know. */
export const unsigned: RunStep = async ({ services, ctx, test }) => {
  const plain = createFetchDocument(services.reachOf(ctx.instance).fetcher);
  const found = await tried(() => plain(test.actorUri ?? "", { signal: patience(services) }));
  if (!(found instanceof FetchRefused)) return well();
  const isRule = found.status === 401 || found.status === 403;
  return isRule ? well("401") : not("warned", causeOf(found));
};

/** The key by which the other server signs, as a signature of its would have us look for it. */
export const key: RunStep = async ({ services, ctx, test }) => {
  const { fetchDocument, resolveKey } = services.reachOf(ctx.instance);
  const { document } = await fetchDocument(test.actorUri ?? "", { signal: patience(services) });
  const told = [document["publicKey"]].flat()[0];
  const id = isJsonObject(told) ? told["id"] : told;
  if (typeof id !== "string") return not("failed", "no-key");
  const found = await resolveKey(id);
  if ("unavailable" in found) return not("failed", "key", found.unavailable);
  return found.owner === test.actorUri ? well(id) : not("failed", "key", found.owner);
};
