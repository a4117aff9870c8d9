import { z } from "zod";
import { defineJob, Refusal, type Ctx } from "../kit/index.js";
import { parseBoundedJson } from "./bounded-json.js";
import { actorUri, city, hostOf } from "./addresses.js";
import type { CatchUp } from "./inbound/inbound.js";
import { catchUpWith } from "./inbound/linked.js";
import { nobody, type Send } from "./outbound/send.js";
import { followingCollection, type Following } from "./records.js";
import { remoteActor } from "./remote-actors.js";
import type { Services } from "./services.js";

const jrd = z.object({
  links: z
    .array(z.object({ rel: z.string(), type: z.string().nullish(), href: z.string().nullish() }))
    .max(100),
});

/** The actor behind what an administrator types: an address, an origin, or `name@host`. */
async function actorBehind(services: Services, ctx: Ctx, typed: string): Promise<string> {
  const text = typed.trim().replace(/^@/, "");
  const isAddress = /^https?:\/\//i.test(text);
  const host = isAddress ? null : (text.split("@")[1] ?? text);
  const scheme = ctx.instance.origin.startsWith("http:") ? "http" : "https";
  const origin = isAddress ? new URL(text).origin : `${scheme}://${host}`;
  if (isAddress && new URL(text).pathname !== "/") return text;
  const resource = isAddress ? `${origin}/` : text.includes("@") ? `acct:${text}` : `${origin}/`;
  const { fetcher } = services.reachOf(ctx.instance);
  const url = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`;
  const { body } = await fetcher.get(url, { accept: "jrd" });
  const parsed = jrd.safeParse(parseBoundedJson(body)?.value);
  const self = parsed.data?.links.find(({ rel, type }) => {
    return rel === "self" && (type ?? "").includes("activity");
  });
  if (self?.href == null) throw new Refusal("not-found");
  return self.href;
}

/**
 * Ask another instance to exchange proposals and responses: our city's actor follows theirs. Once
 * they accept, their proposals come here. Asking again sends a new Follow.
 * @throws Refusal("not-found") when there is no actor; FetchRefused when the host is out of reach.
 */
export async function linkInstance(
  services: Services,
  send: Send,
  ctx: Ctx,
  typed: string,
): Promise<Following> {
  const found = await actorBehind(services, ctx, typed);
  const target = await remoteActor(services, ctx, found, { fresh: true });
  const uri = actorUri(ctx.instance, city);
  const rows = ctx.collection(followingCollection);
  const id = ctx.ids.next();
  const row = await rows.findOneAndUpdate(
    { actorUri: uri, targetUri: target.uri },
    {
      $set: {
        followUri: ctx.instance.url(`/activities/${id}`),
        state: "asked",
        host: hostOf(target.uri) ?? "",
      },
      $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() },
    },
    { upsert: true, returnDocument: "after" },
  );
  await send(ctx, {
    ...{ id, key: `follow/${id}`, actor: city, type: "Follow", objectUri: target.uri },
    ...{ object: target.uri, to: [target.uri], listed: false },
    audience: { ...nobody, inboxes: [target.inbox] },
  });
  if (row === null) throw new Error("the link was not kept");
  return row;
}

/** The instances that ours is linked with, or has asked. */
export async function linkedInstances(ctx: Ctx): Promise<Following[]> {
  return ctx
    .collection(followingCollection)
    .find({ actorUri: actorUri(ctx.instance, city) }, { limit: 1_000 })
    .toArray();
}

/** The job that reads what a newly linked instance has published before. */
export function createCatchUp(services: Services): CatchUp {
  return defineJob({
    name: "federation.catch-up",
    payload: z.object({ actorUri: z.string() }),
    async run(ctx, { actorUri: uri }) {
      const { outbox } = await remoteActor(services, ctx, uri);
      if (outbox !== null) await catchUpWith(services, ctx, outbox);
    },
  });
}
