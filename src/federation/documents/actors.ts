import { formerActor } from "../../features/people/former-actors.js";
import { personByHandle } from "../../features/people/people.js";
import { proposalByNumber } from "../../features/proposals/proposals.js";
import type { Topic } from "../../features/topics/topic.js";
import { topicBySlug, topics, topicsByIds } from "../../features/topics/topics.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, type LocalActor } from "../addresses.js";
import { actorDocument, localActorOf, type ActorRecord } from "../translate/actor.js";
import { tombstone } from "../translate/comment.js";
import type { Vault } from "../vault.js";
import type { As2 } from "../vocabulary.js";
import { document, nothing, onlyPage, type Found } from "./found.js";
import { isNumbered } from "./gather.js";

/**
 * The record that a local actor speaks for. `gone`: a citizen who left the network or was erased,
 * of whom other servers may still hold something. Null: there never was such an actor.
 */
export async function actorRecord(
  ctx: Ctx,
  actor: LocalActor,
): Promise<ActorRecord | "gone" | null> {
  switch (actor.kind) {
    case "topic": {
      const topic = await topicBySlug(ctx, actor.slug);
      return topic === null ? null : { kind: "topic", topic };
    }
    case "proposal": {
      const proposal = await proposalByNumber(ctx, actor.number);
      return isNumbered(proposal) ? { kind: "proposal", proposal } : null;
    }
    case "person": {
      const person = await personByHandle(ctx, actor.handle);
      if (person === null && (await formerActor(ctx, actor.handle)) !== null) return "gone";
      if (person === null || person.uri === null) return null;
      return person.federated && person.erasedAt === null ? { kind: "person", person } : "gone";
    }
    default:
      return actor;
  }
}

/** A member who never was on the network has a page all the same. */
async function isMember(ctx: Ctx, actor: LocalActor): Promise<boolean> {
  if (actor.kind !== "person") return false;
  return (await personByHandle(ctx, actor.handle))?.erasedAt === null;
}

/** Topics by which a city is found: its first. */
const mostTags = 10;

/** What an actor is about: a city's first topics, a topic itself, the one of a proposal. */
async function topicsFor(ctx: Ctx, record: ActorRecord): Promise<Topic[]> {
  if (record.kind === "city") return (await topics(ctx)).slice(0, mostTags);
  if (record.kind === "topic") return [record.topic];
  if (record.kind !== "proposal") return [];
  return [...(await topicsByIds(ctx, [record.proposal.topicId])).values()];
}

/** The document of an actor as it is now: its record, its public keys, and its topics as hashtags. */
export async function documentOf(vault: Vault, ctx: Ctx, record: ActorRecord): Promise<As2> {
  const [about, keys] = await Promise.all([
    topicsFor(ctx, record),
    vault.publicKeys(ctx, actorUri(ctx.instance, localActorOf(record))),
  ]);
  return actorDocument(ctx.instance, record, { keys, topics: about });
}

/** An actor's document, with its public keys. */
export async function findActor(vault: Vault, ctx: Ctx, actor: LocalActor): Promise<Found> {
  const record = await actorRecord(ctx, actor);
  const uri = actorUri(ctx.instance, actor);
  if (record === null) return (await isMember(ctx, actor)) ? onlyPage : nothing;
  if (record === "gone") return { kind: "gone", body: tombstone(uri, "Person") };
  return document(await documentOf(vault, ctx, record));
}
