import { z } from "zod";
import { FetchRefused } from "../drivers/fetch.js";
import { readUrl } from "../drivers/web-address.js";
import { defineJob, Refusal, type Ctx } from "../kit/index.js";
import { parseBoundedJson } from "./bounded-json.js";
import { actorUri, city, hostOf } from "./addresses.js";
import type { CatchUp } from "./inbound/inbound.js";
import { catchUpWith } from "./inbound/linked.js";
import { nobody, type Send } from "./outbound/send.js";
import { followingCollection, type Following, type RemoteActor } from "./records.js";
import { NotAnActor, remoteActor } from "./remote-actors.js";
import type { Services } from "./services.js";

const jrd = z.object({
  links: z
    .array(z.object({ rel: z.string(), type: z.string().nullish(), href: z.string().nullish() }))
    .max(100),
});

/** Where to ask for the actor behind what is typed: an address, an origin, or `name@host`. */
interface Asked {
  readonly origin: string;
  /** The actor's own address, when that is what was typed. */
  readonly actor: string | null;
  readonly resource: string;
}

function askedBy(ctx: Ctx, typed: string): Asked {
  const text = typed.trim().replace(/^@/, "");
  const isAddress = /^https?:\/\//i.test(text);
  const host = isAddress ? null : (text.split("@")[1] ?? text);
  const scheme = ctx.instance.origin.startsWith("http:") ? "http" : "https";
  const url = readUrl(isAddress ? text : `${scheme}://${host}`);
  if (url === null || url.hostname === "") throw new Refusal("not-found");
  const actor = isAddress && url.pathname !== "/" ? text : null;
  const isHandle = !isAddress && text.includes("@");
  return { origin: url.origin, actor, resource: isHandle ? `acct:${text}` : `${url.origin}/` };
}

/** Whose site is typed, by host with port; null for what is no address. */
export function hostTyped(ctx: Ctx, typed: string): string | null {
  try {
    return hostOf(askedBy(ctx, typed).origin);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

async function actorBehind(services: Services, ctx: Ctx, typed: string): Promise<string> {
  const { origin, actor, resource } = askedBy(ctx, typed);
  if (actor !== null) return actor;
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
 * The actor behind what an administrator types, read afresh.
 * @throws Refusal("not-found") when there is none; FetchRefused, NotAnActor.
 */
export async function findInstance(
  services: Services,
  ctx: Ctx,
  typed: string,
): Promise<RemoteActor> {
  return remoteActor(services, ctx, await actorBehind(services, ctx, typed), { fresh: true });
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
  return askToLink(send, ctx, await findInstance(services, ctx, typed));
}

/** Ask the instance of an actor that was found. */
export async function askToLink(send: Send, ctx: Ctx, target: RemoteActor): Promise<Following> {
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
        at: ctx.clock.now(),
      },
      $setOnInsert: { _id: ctx.ids.next() },
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

/**
 * End a link: the other instance is told, and what it publishes from now on does not come here. What
 * came before stays. One that cannot be told any more is left all the same.
 * @throws Refusal("not-found")
 */
export async function endLink(services: Services, send: Send, ctx: Ctx, id: string): Promise<void> {
  const rows = ctx.collection(followingCollection);
  const actor = actorUri(ctx.instance, city);
  const row = await rows.findOne({ _id: id });
  if (row === null || row.actorUri !== actor) throw new Refusal("not-found");
  const { targetUri, followUri } = row;
  const inbox = await inboxOf(services, ctx, targetUri);
  if (inbox !== null) {
    await send(ctx, {
      ...{ key: `unfollow/${followUri}`, actor: city, type: "Undo", objectUri: followUri },
      object: { id: followUri, type: "Follow", actor, object: targetUri },
      ...{ to: [targetUri], listed: false, audience: { ...nobody, inboxes: [inbox] } },
    });
  }
  await rows.deleteOne({ _id: id, followUri });
}

async function inboxOf(services: Services, ctx: Ctx, uri: string): Promise<string | null> {
  try {
    return (await remoteActor(services, ctx, uri)).inbox;
  } catch (error) {
    if (error instanceof FetchRefused || error instanceof NotAnActor) return null;
    throw error;
  }
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
    queue: "incoming",
    payload: z.object({ actorUri: z.string() }),
    async run(ctx, { actorUri: uri }) {
      const { outbox } = await remoteActor(services, ctx, uri);
      if (outbox !== null) await catchUpWith(services, ctx, outbox);
    },
  });
}
