import { createHash } from "node:crypto";
import { z } from "zod";
import { formerActorsOf } from "../../features/people/former-actors.js";
import { personById } from "../../features/people/people.js";
import { topicsByIds } from "../../features/topics/topics.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import { actorUri, collectionUri, type LocalActor } from "../addresses.js";
import { documentOf } from "../documents/actors.js";
import { isOnNetwork } from "../documents/on-network.js";
import { activitiesCollection, followersCollection } from "../records.js";
import type { Services } from "../services.js";
import { localActorOf, type ActorRecord } from "../translate/actor.js";
import { PUBLIC, type As2 } from "../vocabulary.js";
import { nobody, type Send } from "./send.js";
import { spanOf } from "./span.js";

const changed = z.object({
  kind: z.enum(["city", "topic", "person"]),
  /** Of the topic or person; empty for the city. */
  id: z.string(),
  span: z.number(),
});

type Changed = z.infer<typeof changed>;

/** The job that tells how an actor looks now. */
export type TellFace = JobDef<Changed>;

/** Tells the followers of an actor how it looks at the end of a span of time in which it changed. */
export function createTellFace(services: Services, send: Send): TellFace {
  return defineJob({
    name: "federation.tell-face",
    payload: changed,
    async run(ctx, { kind, id }) {
      const record = await recordOf(ctx, kind, id);
      if (record === null || !(await isFollowed(ctx, localActorOf(record)))) return;
      await tellActor(services, send, ctx, record);
    },
  });
}

/** Whether there is anybody to tell: an actor that nobody follows needs no keys and no activity yet. */
async function isFollowed(ctx: Ctx, actor: LocalActor): Promise<boolean> {
  const filter = { actorUri: actorUri(ctx.instance, actor) };
  const options = { projection: { _id: 1 } };
  return (await ctx.collection(followersCollection).findOne(filter, options)) !== null;
}

async function recordOf(ctx: Ctx, kind: Changed["kind"], id: string): Promise<ActorRecord | null> {
  if (kind === "city") return { kind };
  if (kind === "topic") {
    const topic = (await topicsByIds(ctx, [id])).get(id);
    return topic === undefined ? null : { kind, topic };
  }
  const person = await personById(ctx, id);
  return person?.origin === "here" && isOnNetwork(person) ? { kind, person } : null;
}

/** Have a change of face told soon; however often it changes, one Update goes out per span. */
export async function tellFaceSoon(
  services: Services,
  tellFace: TellFace,
  ctx: Ctx,
  { kind, id }: Pick<Changed, "kind" | "id">,
): Promise<void> {
  const { span, delayMs } = spanOf(services, ctx);
  const name = id === "" ? ctx.instance._id : id;
  await ctx.enqueue(tellFace, { kind, id, span }, { id: `face/${kind}/${name}/${span}`, delayMs });
}

/**
 * A citizen changed their public face: their followers are told soon. One who has left the network,
 * or was erased, is deleted at once everywhere that may hold a copy.
 */
export async function tellPerson(
  services: Services,
  { send, tellFace }: { readonly send: Send; readonly tellFace: TellFace },
  ctx: Ctx,
  personId: string,
): Promise<void> {
  const person = await personById(ctx, personId);
  if (person === null || person.origin !== "here" || person.uri === null) return;
  // Who left and came back before anybody was told is somebody new, and the former actor is gone.
  for (const former of await formerActorsOf(ctx, personId)) await tellGone(send, ctx, former);
  if (isOnNetwork(person)) {
    return tellFaceSoon(services, tellFace, ctx, { kind: "person", id: personId });
  }
  await tellGone(send, ctx, { handle: person.handle, uri: person.uri });
}

/** Tell everybody that an actor is gone; its id is never used again, so that it is told once. */
async function tellGone(
  send: Send,
  ctx: Ctx,
  { handle, uri }: { readonly handle: string; readonly uri: string },
): Promise<void> {
  await send(ctx, {
    ...{ key: `gone/${uri}`, actor: { kind: "person", handle }, type: "Delete", object: uri },
    ...{ objectUri: uri, to: [PUBLIC], listed: false },
    audience: { ...nobody, everyone: true },
  });
}

/** Tell the followers of an actor how it looks now; what they were told last is not told again. */
export async function tellActor(
  { vault }: Services,
  send: Send,
  ctx: Ctx,
  record: ActorRecord,
): Promise<void> {
  const actor = localActorOf(record);
  const uri = actorUri(ctx.instance, actor);
  const object = await documentOf(vault, ctx, record);
  await send(ctx, {
    ...{ key: await faceKey(ctx, uri, object), actor, type: "Update", object, objectUri: uri },
    ...{ to: [PUBLIC], cc: [collectionUri(ctx.instance, actor, "followers")], listed: false },
    audience: { ...nobody, followersOf: [uri] },
  });
}

/** Names a change of face: told twice it is one, but a name that is taken again is news again. */
async function faceKey(ctx: Ctx, uri: string, document: As2): Promise<string> {
  const what = createHash("sha256").update(JSON.stringify(document)).digest("hex").slice(0, 16);
  const [last] = await ctx
    .collection(activitiesCollection)
    .find({ objectUri: uri, type: "Update" }, { sort: { _id: -1 }, limit: 1 })
    .toArray();
  if (last?.key.endsWith(`/${what}`) === true) return last.key;
  return `actor/${uri}/${last?._id ?? "first"}/${what}`;
}
