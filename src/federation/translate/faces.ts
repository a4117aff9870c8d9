import type { Person } from "../../features/people/person.js";
import type { Proposal } from "../../features/proposals/proposal.js";
import type { Topic } from "../../features/topics/topic.js";
import type { Instance } from "../../kit/index.js";
import { city, collectionUri } from "../addresses.js";
import { CIVIC_EXCHANGE, type As2 } from "../vocabulary.js";
import type { ActorRecord } from "./actor.js";
import { paragraph } from "./html.js";
import {
  drawnIcon,
  instanceHeader,
  instanceIcon,
  instanceLines,
  instanceSummary,
  personLines,
} from "./profile.js";
import { wordsOf } from "./words.js";

/** What people see of an actor: type, name, words, pictures, page, and whether it may be found. */
export function faceOf(instance: Instance, record: ActorRecord): As2 {
  switch (record.kind) {
    case "city":
      return cityFace(instance);
    case "instance":
      return instanceFace(instance);
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
    summary: instanceSummary(instance),
    url: instance.url("/"),
    icon: instanceIcon(instance),
    ...instanceHeader(instance),
    ...instanceLines(instance),
    featured: collectionUri(instance, city, "featured"),
    published: instance.createdAt.toISOString(),
    discoverable: true,
    indexable: true,
    implements: [CIVIC_EXCHANGE],
    civic: { kind: "instance", name: instance.name, of: instance.kind },
  };
}

function instanceFace(instance: Instance): As2 {
  return {
    type: "Application",
    name: instance.name,
    summary: "",
    url: instance.url("/"),
    icon: instanceIcon(instance),
    ...instanceHeader(instance),
    discoverable: false,
    indexable: false,
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
    icon: drawnIcon(instance, "topic"),
    ...instanceHeader(instance),
    published: topic.createdAt.toISOString(),
    postingRestrictedToMods: true, // FEP-1b12: what it boosts comes from the site alone
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
    icon: drawnIcon(instance, "proposal"),
    ...instanceHeader(instance),
    featured: collectionUri(instance, { kind: "proposal", number: proposal.number }, "featured"),
    published: proposal.publishedAt.toISOString(),
    discoverable: true,
    indexable: true,
  };
}

/** A citizen is on the network by choice, and found by search only where they ask for it. */
function personFace(instance: Instance, person: Person): As2 {
  return {
    type: "Person",
    name: person.name,
    summary: person.about === "" ? "" : paragraph(person.about),
    url: instance.url(`/people/${person.handle}`),
    icon: drawnIcon(instance, "person"),
    ...personLines(instance, person),
    published: person.createdAt.toISOString(),
    discoverable: person.discoverable ?? false,
    indexable: person.indexable ?? false,
  };
}
