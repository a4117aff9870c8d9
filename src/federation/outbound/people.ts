import { createHash } from "node:crypto";
import { personById } from "../../features/people/people.js";
import { proposalById } from "../../features/proposals/proposals.js";
import { topicsByIds } from "../../features/topics/topics.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, collectionUri, type LocalActor } from "../addresses.js";
import { isOnNetwork } from "../documents/gather.js";
import { activitiesCollection } from "../records.js";
import { homeInbox } from "../remote-actors.js";
import type { Services } from "../services.js";
import { actorDocument, localActorOf, type ActorRecord } from "../translate/actor.js";
import { PUBLIC } from "../vocabulary.js";
import { nobody, type Send } from "./send.js";

/** Who backs which proposal. */
export interface Backing {
  readonly proposalId: string;
  readonly personId: string;
}

/** What is needed to tell another instance of a citizen's support. */
async function backingElsewhere(services: Services, ctx: Ctx, { proposalId, personId }: Backing) {
  const [proposal, person] = await Promise.all([
    proposalById(ctx, proposalId),
    personById(ctx, personId),
  ]);
  if (proposal === null || proposal.elsewhere === null || person?.origin !== "here") return null;
  if (!isOnNetwork(person)) return null;
  const { actorUri: owner } = proposal.elsewhere;
  const inbox = await homeInbox(services, ctx, proposal.elsewhere);
  const actor: LocalActor = { kind: "person", handle: person.handle };
  return { proposal, actor, owner, audience: { ...nobody, inboxes: [inbox] } };
}

/** A citizen backs a proposal of another instance: a Like by their own actor, told to its actor. */
export async function tellSupport(
  services: Services,
  send: Send,
  ctx: Ctx,
  backing: Backing,
): Promise<void> {
  const found = await backingElsewhere(services, ctx, backing);
  if (found === null) return;
  const { proposal, actor, owner, audience } = found;
  const turn = await turnOf(ctx, backing);
  await send(ctx, {
    ...{ key: `like/${backing.proposalId}/${backing.personId}/${turn}`, actor, type: "Like" },
    ...{ object: proposal.uri, objectUri: proposal.uri, to: [owner], listed: false, audience },
  });
}

/** A citizen took their support back. */
export async function tellSupportTakenBack(
  services: Services,
  send: Send,
  ctx: Ctx,
  backing: Backing,
): Promise<void> {
  const found = await backingElsewhere(services, ctx, backing);
  if (found === null) return;
  const { proposal, actor, owner, audience } = found;
  const turn = await turnOf(ctx, backing);
  const name = `${backing.proposalId}/${backing.personId}/${turn}`;
  const like = await ctx.collection(activitiesCollection).findOne({ key: `like/${name}` });
  if (like === null) return;
  const object = { id: like.uri, type: "Like", actor: like.actorUri, object: proposal.uri };
  await send(ctx, {
    ...{ key: `unlike/${name}`, actor, type: "Undo", object, objectUri: like.uri },
    ...{ to: [owner], listed: false, audience },
  });
}

/** How often this support was taken back before: each turn has its own Like and its own Undo. */
async function turnOf(ctx: Ctx, { proposalId, personId }: Backing): Promise<number> {
  const rows = ctx.collection(activitiesCollection);
  for (let turn = 0; turn < 100; turn += 1) {
    const undone = await rows.findOne({ key: `unlike/${proposalId}/${personId}/${turn}` });
    if (undone === null) return turn;
  }
  return 100;
}

/**
 * A citizen changed their public face: their followers are told. One who has left the network, or was
 * erased, is deleted everywhere that may hold a copy.
 */
export async function tellPerson(
  services: Services,
  send: Send,
  ctx: Ctx,
  personId: string,
): Promise<void> {
  const person = await personById(ctx, personId);
  if (person === null || person.origin !== "here" || person.uri === null) return;
  const actor: LocalActor = { kind: "person", handle: person.handle };
  if (isOnNetwork(person)) {
    await retireFarewell(ctx, personId);
    const what = fingerprint(person.name, person.about);
    return tellActor(services, send, ctx, { record: { kind: "person", person }, what });
  }
  await send(ctx, {
    ...{ key: `gone/${personId}`, actor, type: "Delete", object: person.uri },
    ...{ objectUri: person.uri, to: [PUBLIC], listed: false },
    audience: { ...nobody, everyone: true },
  });
}

/** Who has come back to the network may leave it again, and that is told again. */
async function retireFarewell(ctx: Ctx, personId: string): Promise<void> {
  const rows = ctx.collection(activitiesCollection);
  const farewell = await rows.findOne({ key: `gone/${personId}` });
  if (farewell === null) return;
  const key = `gone/${personId}/${farewell._id}`;
  await rows.updateOne({ _id: farewell._id }, { $set: { key } });
}

/** A topic was made or renamed. */
export async function tellTopic(
  services: Services,
  send: Send,
  ctx: Ctx,
  topicId: string,
): Promise<void> {
  const topic = (await topicsByIds(ctx, [topicId])).get(topicId);
  if (topic === undefined) return;
  const what = fingerprint(topic.name, topic.description);
  await tellActor(services, send, ctx, { record: { kind: "topic", topic }, what });
}

async function tellActor(
  { vault }: Services,
  send: Send,
  ctx: Ctx,
  { record, what }: { readonly record: ActorRecord; readonly what: string },
): Promise<void> {
  const actor = localActorOf(record);
  const uri = actorUri(ctx.instance, actor);
  const object = actorDocument(ctx.instance, record, await vault.publicKeys(ctx, uri));
  await send(ctx, {
    ...{ key: await faceKey(ctx, uri, what), actor, type: "Update", object, objectUri: uri },
    ...{ to: [PUBLIC], cc: [collectionUri(ctx.instance, actor, "followers")], listed: false },
    audience: { ...nobody, followersOf: [uri] },
  });
}

/** Names a change of face: told twice it is one, but a name that is taken again is news again. */
async function faceKey(ctx: Ctx, uri: string, what: string): Promise<string> {
  const [last] = await ctx
    .collection(activitiesCollection)
    .find({ objectUri: uri, type: "Update" }, { sort: { _id: -1 }, limit: 1 })
    .toArray();
  if (last?.key.endsWith(`/${what}`) === true) return last.key;
  return `actor/${uri}/${last?._id ?? "first"}/${what}`;
}

function fingerprint(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}
