import { formerActor } from "../../features/people/former-actors.js";
import { personByHandle } from "../../features/people/people.js";
import { proposalByNumber } from "../../features/proposals/proposals.js";
import { topicBySlug } from "../../features/topics/topics.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, type LocalActor } from "../addresses.js";
import { actorDocument, type ActorRecord } from "../translate/actor.js";
import { tombstone } from "../translate/comment.js";
import type { Vault } from "../vault.js";
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

/** An actor's document, with its public keys. */
export async function findActor(vault: Vault, ctx: Ctx, actor: LocalActor): Promise<Found> {
  const record = await actorRecord(ctx, actor);
  const uri = actorUri(ctx.instance, actor);
  if (record === null) return (await isMember(ctx, actor)) ? onlyPage : nothing;
  if (record === "gone") return { kind: "gone", body: tombstone(uri, "Person") };
  return document(actorDocument(ctx.instance, record, await vault.publicKeys(ctx, uri)));
}
