import type { Apex } from "activitypub-express";

const simple = (target: string, collection: string): string =>
  `validators.jsonld validators.${target} security.verifyAuthorization ` +
  `collection.${collection} responders.result`;

/** Every chain of the audited release (4.4.2), its members by name and in order. */
const audited: Readonly<Record<string, string>> = {
  "activityStream.get":
    "validators.jsonld validators.targetActivity security.verifyAuthorization " +
    "security.requireAuthorizedOrPublic responders.target",
  "actor.get": "validators.jsonld validators.targetActor responders.target",
  "blocked.get": simple("targetActor", "blocked"),
  "collections.get": simple("targetActor", "added"),
  "followers.get": simple("targetActorWithMeta", "followers"),
  "following.get": simple("targetActor", "following"),
  "inbox.post":
    "validators.jsonld validators.targetActorWithMeta security.verifySignature validators.actor " +
    "validators.activityObject validators.inboxActivity activity.save activity.resolveThread " +
    "activity.inboxSideEffects activity.forwardFromInbox responders.status",
  "inbox.get": simple("targetActorWithMeta", "inbox"),
  "liked.get": simple("targetActor", "liked"),
  "shares.get": simple("targetActivity", "shares"),
  "likes.get": simple("targetActivity", "likes"),
  "object.get":
    "validators.jsonld validators.targetObject security.verifyAuthorization " +
    "security.requireAuthorizedOrPublic responders.target",
  "outbox.post":
    "validators.jsonld validators.targetActorWithMeta security.verifyAuthorization " +
    "security.requireAuthorized validators.outboxCreate validators.outboxActivityObject " +
    "validators.outboxActivity activity.save activity.outboxSideEffects responders.status",
  "outbox.get": simple("targetActor", "outbox"),
  "rejected.get": simple("targetActor", "rejected"),
  "rejections.get": simple("targetActor", "rejections"),
  "webfinger.get": "wellKnown.parseWebfinger validators.targetActor wellKnown.respondWebfinger",
  "nodeInfo.get": "wellKnown.respondNodeInfo",
  "nodeInfoLocation.get": "wellKnown.respondNodeInfoLocation",
  "proxy.post": "validators.jsonld validators.targetProxied responders.target",
};

const groups = ["validators", "responders", "security", "activity", "collection", "wellKnown"];

/** The package's chains as they are, in the same notation. */
export function chainsOf(net: Apex["net"]): Record<string, string> {
  const names = new Map(
    groups.flatMap((group) =>
      Object.entries(net[group] ?? {}).map(([name, member]) => [member, `${group}.${name}`]),
    ),
  );
  const routes = Object.entries(net).filter(([route]) => !groups.includes(route));
  return Object.fromEntries(
    routes.flatMap(([route, methods]) =>
      Object.entries(methods).map(([method, chain]) => [
        `${route}.${method}`,
        [chain]
          .flat()
          .map((member) => names.get(member) ?? "unknown")
          .join(" "),
      ]),
    ),
  );
}

/**
 * Requirement 3: the audit holds for the release it was made of. Another list of members means that
 * somebody has to read the package again before it is used.
 * @throws when a chain differs, is missing, or is new.
 */
export function assertApexShape(apex: Pick<Apex, "net">): void {
  const found = chainsOf(apex.net);
  const all = new Set([...Object.keys(found), ...Object.keys(audited)]);
  const differing = [...all].filter((name) => found[name] !== audited[name]);
  if (differing.length > 0) {
    throw new Error(`activitypub-express is not the audited one: ${differing.join(", ")}`);
  }
}
