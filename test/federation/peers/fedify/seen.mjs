/** What Fedify's vocabulary makes of documents, as plain values that can be sent to the test. */
import { isActor, QuoteAuthorization } from "@fedify/vocab";

const text = (value) => (value === null || value === undefined ? null : String(value));
const addresses = (urls) => urls.map((url) => url.href);

async function list(values) {
  const all = [];
  for await (const value of values) all.push(value);
  return all;
}

const total = (collection) => collection?.totalItems ?? null;

async function tagsOf(object, options) {
  const tags = await list(object.getTags(options));
  return tags.map((tag) => ({
    kind: tag.constructor.name,
    name: text(tag.name),
    href: tag.href?.href ?? null,
  }));
}

async function placeOf(object, options) {
  const place = await object.getLocation(options);
  return place === null ? null : { name: text(place.name), latitude: place.latitude ?? null };
}

async function pageOf(page, options) {
  if (page === null) return null;
  const items = await list(page.getItems({ ...options, suppressError: true }));
  return { items: items.map((item) => item.id?.href ?? null), next: page.nextId?.href ?? null };
}

async function collectionSeen(object, options) {
  const first = "getFirst" in object ? await object.getFirst(options) : null;
  return { totalItems: object.totalItems ?? null, first: await pageOf(first, options) };
}

async function actorSeen(actor, options) {
  const key = await actor.getPublicKey(options);
  const methods = await list(actor.getAssertionMethods(options));
  return {
    isActor: true,
    username: text(actor.preferredUsername),
    inbox: actor.inboxId?.href ?? null,
    sharedInbox: actor.endpoints?.sharedInbox?.href ?? null,
    followers: actor.followersId?.href ?? null,
    keyId: key?.id?.href ?? null,
    keyOwner: key?.ownerId?.href ?? null,
    multikeys: methods.map((one) => one.controllerId?.href ?? null),
    discoverable: actor.discoverable ?? null,
  };
}

async function noteSeen(object, options) {
  return {
    attributedTo: object.attributionId?.href ?? null,
    content: text(object.content),
    inReplyTo: object.replyTargetId?.href ?? null,
    tags: await tagsOf(object, options),
    location: await placeOf(object, options),
    replies: total(await object.getReplies(options)),
    likes: total(await object.getLikes(options)),
    shares: total(await object.getShares(options)),
    sensitive: object.sensitive ?? null,
    canQuote: addresses(object.interactionPolicy?.canQuote?.automaticApprovals ?? []),
  };
}

const authorizationSeen = (object) => ({
  attributedTo: object.attributionId?.href ?? null,
  quoting: object.interactingObjectId?.href ?? null,
  quoted: object.interactionTargetId?.href ?? null,
});

const embedded = (activity, options) =>
  activity.getObject({ ...options, suppressError: true }).catch(() => null);

async function activitySeen(activity, options, depth) {
  const inner = depth > 0 ? await embedded(activity, options) : null;
  return {
    actor: activity.actorId?.href ?? null,
    objectId: activity.objectId?.href ?? null,
    objectIds: addresses(activity.objectIds),
    targetId: activity.targetId?.href ?? null,
    resultId: activity.resultId?.href ?? null,
    instrumentId: activity.instrumentId?.href ?? null,
    content: text(activity.content),
    object: inner === null ? null : await seen(inner, options, depth - 1),
  };
}

/**
 * Read an object of the vocabulary: the class it was taken for, and what it says.
 * @param object an instance of a class of `@fedify/vocab`
 * @param options its loaders
 * @param {number} depth how many objects inside one another are read
 */
export async function seen(object, options, depth = 2) {
  const common = {
    kind: object.constructor.name,
    id: object.id?.href ?? null,
    name: text(object.name),
    summary: text(object.summary),
    url: object.url?.href?.href ?? object.url?.href ?? null,
    published: text(object.published),
    updated: text(object.updated),
    to: addresses(object.toIds),
    cc: addresses(object.ccIds),
  };
  if (isActor(object)) return { ...common, ...(await actorSeen(object, options)) };
  if (object instanceof QuoteAuthorization) return { ...common, ...authorizationSeen(object) };
  if ("actorId" in object) return { ...common, ...(await activitySeen(object, options, depth)) };
  if ("totalItems" in object) return { ...common, ...(await collectionSeen(object, options)) };
  return { ...common, ...(await noteSeen(object, options)) };
}
