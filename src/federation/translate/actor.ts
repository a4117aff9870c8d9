import type { Person } from "../../features/people/person.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import type { Topic } from "../../features/topics/topic.js";
import type { Instance } from "../../kit/index.js";
import { actorUri, collectionUri, hostOf, type LocalActor } from "../addresses.js";
import { CIVIC_EXCHANGE, type As2 } from "../vocabulary.js";
import { paragraph } from "./html.js";
import { wordsOf } from "./words.js";

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

/** The name before the `@` of an actor's handle: `[a-z0-9_]+`, unique among all kinds. */
export function usernameOf(instance: Instance, actor: LocalActor): string {
  switch (actor.kind) {
    case "city":
      return instance.handle;
    case "instance":
      return instance.host;
    case "topic":
      return `topic_${actor.slug.replaceAll("-", "_")}`;
    case "proposal":
      return `p${actor.number}`;
    case "person":
      return actor.handle;
  }
}

/** The public halves of an actor's keys: RSA for its requests, Ed25519 for its proofs. */
export interface PublicKeys {
  readonly publicKeyPem: string;
  readonly publicKeyMultibase: string;
}

/** An actor's document. Its keys come from the vault, which never lets the other halves out. */
export function actorDocument(instance: Instance, record: ActorRecord, keys: PublicKeys): As2 {
  const { publicKeyPem, publicKeyMultibase } = keys;
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
    publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem },
    assertionMethod: [
      { id: `${id}#ed25519-key`, type: "Multikey", controller: id, publicKeyMultibase },
    ],
    generator: {
      type: "Application",
      name: "Parvis",
      url: instance.url("/"),
      implements: [CIVIC_EXCHANGE],
    },
  };
}

function faceOf(instance: Instance, record: ActorRecord): As2 {
  switch (record.kind) {
    case "city":
      return cityFace(instance);
    case "instance":
      return {
        type: "Application",
        name: instance.name,
        summary: "",
        url: instance.url("/"),
        discoverable: false,
        indexable: false,
      };
    case "topic":
      return topicFace(instance, record.topic);
    case "proposal":
      return proposalFace(instance, record.proposal);
    case "person":
      return personFace(instance, record.person);
  }
}

function cityFace(instance: Instance): As2 {
  return {
    type: "Organization",
    name: instance.name,
    summary: instance.tagline === "" ? "" : paragraph(instance.tagline),
    url: instance.url("/"),
    published: instance.createdAt.toISOString(),
    discoverable: true,
    indexable: true,
    implements: [CIVIC_EXCHANGE],
    civic: { kind: "instance", name: instance.name, of: instance.kind },
  };
}

function topicFace(instance: Instance, topic: Topic): As2 {
  const words = wordsOf(instance.language);
  return {
    type: "Group",
    name: topic.name,
    summary:
      paragraph(words.topicActor(topic.name, instance.name)) +
      (topic.description === "" ? "" : paragraph(topic.description)),
    url: instance.url(`/topics/${topic.slug}`),
    published: topic.createdAt.toISOString(),
    discoverable: true,
    indexable: true,
  };
}

function proposalFace(instance: Instance, proposal: Proposal & { readonly number: number }): As2 {
  const words = wordsOf(instance.language);
  return {
    type: "Group",
    name: proposal.title,
    summary: paragraph(words.proposalActor(proposal.number, instance.name)),
    url: instance.url(`/proposals/${proposal.number}`),
    featured: collectionUri(instance, { kind: "proposal", number: proposal.number }, "featured"),
    published: proposal.publishedAt.toISOString(),
    discoverable: true,
    indexable: true,
  };
}

/** A citizen is on the network by choice, and found by search only where they ask for it elsewhere. */
function personFace(instance: Instance, person: Person): As2 {
  return {
    type: "Person",
    name: person.name,
    summary: person.about === "" ? "" : paragraph(person.about),
    url: instance.url(`/people/${person.handle}`),
    published: person.createdAt.toISOString(),
    discoverable: false,
    indexable: false,
  };
}
