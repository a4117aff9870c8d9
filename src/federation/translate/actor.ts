import type { Person } from "../../features/people/person.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import type { Topic } from "../../features/topics/topic.js";
import { instanceHandle, proposalHandle, topicHandle, type Instance } from "../../kit/index.js";
import { actorUri, collectionUri, hostOf, type LocalActor } from "../addresses.js";
import { mainKeyId, proofKeyId } from "../signatures/key-ids.js";
import { CIVIC_EXCHANGE, type As2 } from "../vocabulary.js";
import { faceOf } from "./faces.js";
import { topicTag } from "./tags.js";

/** A local actor together with the record it speaks for. */
export type ActorRecord =
  | { readonly kind: "city" }
  | { readonly kind: "instance" }
  | { readonly kind: "topic"; readonly topic: Topic }
  | { readonly kind: "proposal"; readonly proposal: Proposal & { readonly number: number } }
  | { readonly kind: "person"; readonly person: Person };

/** The address part of an actor's record. */
export function localActorOf(record: ActorRecord): LocalActor {
  switch (record.kind) {
    case "topic":
      return { kind: "topic", slug: record.topic.slug };
    case "proposal":
      return { kind: "proposal", number: record.proposal.number };
    case "person":
      return { kind: "person", handle: record.person.handle };
    default:
      return record;
  }
}

/** The name before the `@` of an actor's handle: unique among all kinds (`kit/handles.ts`). */
export function usernameOf(instance: Instance, actor: LocalActor): string {
  switch (actor.kind) {
    case "city":
      return instance.handle;
    case "instance":
      return instanceHandle(instance.host);
    case "topic":
      return topicHandle(actor.slug);
    case "proposal":
      return proposalHandle(actor.number);
    case "person":
      return actor.handle;
  }
}

/** The public halves of an actor's keys: RSA for its requests, Ed25519 for its proofs. */
export interface PublicKeys {
  readonly publicKeyPem: string;
  readonly publicKeyMultibase: string;
  /** Which of the actor's keys these are, counted from 1. */
  readonly generation: number;
}

/** What an actor's document tells beside its record. */
export interface Besides {
  /** From the vault, which never lets the other halves out. */
  readonly keys: PublicKeys;
  /** What it is about, told as hashtags. */
  readonly topics: readonly Topic[];
}

/** An actor's document. */
export function actorDocument(
  instance: Instance,
  record: ActorRecord,
  { keys, topics }: Besides,
): As2 {
  const { publicKeyPem, publicKeyMultibase, generation } = keys;
  const actor = localActorOf(record);
  const id = actorUri(instance, actor);
  const username = usernameOf(instance, actor);
  return {
    id,
    preferredUsername: username,
    webfinger: `${username}@${hostOf(instance.origin)}`,
    inbox: collectionUri(instance, actor, "inbox"),
    outbox: collectionUri(instance, actor, "outbox"),
    followers: collectionUri(instance, actor, "followers"),
    following: collectionUri(instance, actor, "following"),
    endpoints: { sharedInbox: instance.url("/inbox") },
    manuallyApprovesFollowers: false,
    ...faceOf(instance, record),
    ...(topics.length === 0 ? {} : { tag: topics.map((topic) => topicTag(instance, topic)) }),
    publicKey: { id: mainKeyId(id, generation), owner: id, publicKeyPem },
    assertionMethod: [
      {
        ...{ id: proofKeyId(id, generation), type: "Multikey" },
        ...{ controller: id, publicKeyMultibase },
      },
    ],
    generator: {
      type: "Application",
      name: "Parvis",
      url: instance.url("/"),
      implements: [CIVIC_EXCHANGE],
    },
  };
}
