/** The public: everything we send is addressed to it by its full IRI (ActivityPub, section 5.6). */
export const PUBLIC = "https://www.w3.org/ns/activitystreams#Public";

/** The other spellings of the public that ActivityPub, section 5.6, allows in what we receive. */
export const publicSpellings: ReadonlySet<string> = new Set([PUBLIC, "as:Public", "Public"]);

/** Every type of activity that we send. Readers on Mastodon are held to know each (`test/federation/lens`). */
export const activityTypes = [
  ...(["Accept", "Add", "Announce", "Block", "Create", "Delete", "Flag", "Follow"] as const),
  ...(["Like", "Reject", "Remove", "Undo", "Update"] as const),
] as const;

export type ActivityType = (typeof activityTypes)[number];

export const AS_CONTEXT = "https://www.w3.org/ns/activitystreams";
export const SECURITY_CONTEXT = "https://w3id.org/security/v1";

/** Media type of everything we serve to other servers. */
export const ACTIVITY_JSON = "application/activity+json";

/** Namespace of the project's own terms. It names things and leads nowhere: nobody has to fetch it. */
export const CIVIC_NAMESPACE = "urn:parvis:ns#";

/** What marks an instance of this software in an actor's `implements` (FEP-844e). */
export const CIVIC_EXCHANGE = `${CIVIC_NAMESPACE}exchange`;

/** Terms outside the ActivityStreams context that we use or read; the same as Mastodon's. */
export const extraTerms = {
  as: "https://www.w3.org/ns/activitystreams#",
  ostatus: "http://ostatus.org#",
  toot: "http://joinmastodon.org/ns#",
  schema: "http://schema.org#",
  gts: "https://gotosocial.org/ns#",
  lemmy: "https://join-lemmy.org/ns#",
  civicNs: CIVIC_NAMESPACE,
  Hashtag: "as:Hashtag",
  manuallyApprovesFollowers: "as:manuallyApprovesFollowers",
  sensitive: "as:sensitive",
  featured: { "@id": "toot:featured", "@type": "@id" },
  discoverable: "toot:discoverable",
  indexable: "toot:indexable",
  attributionDomains: { "@id": "toot:attributionDomains", "@type": "@id" },
  conversation: "ostatus:conversation",
  votersCount: "toot:votersCount",
  PropertyValue: "schema:PropertyValue",
  value: "schema:value",
  webfinger: "https://purl.archive.org/socialweb/webfinger#webfinger",
  implements: { "@id": "https://w3id.org/fep/844e#implements", "@type": "@id" },
  interactionPolicy: { "@id": "gts:interactionPolicy", "@type": "@id" },
  canQuote: { "@id": "gts:canQuote", "@type": "@id" },
  automaticApproval: { "@id": "gts:automaticApproval", "@type": "@id" },
  QuoteRequest: "https://w3id.org/fep/044f#QuoteRequest",
  QuoteAuthorization: "https://w3id.org/fep/044f#QuoteAuthorization",
  interactingObject: { "@id": "gts:interactingObject", "@type": "@id" },
  interactionTarget: { "@id": "gts:interactionTarget", "@type": "@id" },
  postingRestrictedToMods: "lemmy:postingRestrictedToMods",
  civic: { "@id": "civicNs:civic", "@type": "@json" },
  // FEP-521a and FEP-8b32, as in the contexts of Multikey and Data Integrity.
  sec: "https://w3id.org/security#",
  Multikey: "sec:Multikey",
  DataIntegrityProof: "sec:DataIntegrityProof",
  assertionMethod: { "@id": "sec:assertionMethod", "@type": "@id", "@container": "@set" },
  controller: { "@id": "sec:controller", "@type": "@id" },
  publicKeyMultibase: { "@id": "sec:publicKeyMultibase", "@type": "sec:multibase" },
  proof: { "@id": "sec:proof", "@type": "@id", "@container": "@graph" },
  cryptosuite: { "@id": "sec:cryptosuite", "@type": "sec:cryptosuiteString" },
  proofPurpose: { "@id": "sec:proofPurpose", "@type": "@vocab" },
  proofValue: { "@id": "sec:proofValue", "@type": "sec:multibase" },
  verificationMethod: { "@id": "sec:verificationMethod", "@type": "@id" },
} as const;

/** The `@context` of every document we send, and the one that replaces a sender's. */
export const CONTEXT = [AS_CONTEXT, SECURITY_CONTEXT, extraTerms] as const;

/** A document for the network, without its `@context`. */
export type As2 = Readonly<Record<string, unknown>>;

/** The same with its `@context` in front, as it is sent. */
export function withContext(document: As2): As2 {
  return { "@context": CONTEXT, ...document };
}
