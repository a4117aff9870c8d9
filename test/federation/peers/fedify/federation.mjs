/** A server made with Fedify, as its documentation shows it. */
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import {
  Accept,
  Activity,
  Endpoints,
  Follow,
  Note,
  Person,
  Reject,
  Tombstone,
} from "@fedify/vocab";
import { seen } from "./seen.mjs";

const rsa = {
  ...{ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, hash: "SHA-256" },
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** Each actor has a key for its requests and one for the proofs of what it says. */
function keyRing() {
  const pairs = new Map();
  const make = () =>
    Promise.all([
      crypto.subtle.generateKey(rsa, true, ["sign", "verify"]),
      generateCryptoKeyPair("Ed25519"),
    ]);
  return (identifier) => {
    if (!pairs.has(identifier)) pairs.set(identifier, make());
    return pairs.get(identifier);
  };
}

async function personOf(ctx, identifier, change) {
  const keys = await ctx.getActorKeyPairs(identifier);
  return new Person({
    id: ctx.getActorUri(identifier),
    preferredUsername: identifier,
    name: identifier,
    inbox: ctx.getInboxUri(identifier),
    followers: new URL(`${ctx.getActorUri(identifier).href}/followers`),
    endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
    publicKey: keys[0].cryptographicKey,
    assertionMethods: keys.map(({ multikey }) => multikey),
    ...change,
  });
}

/** Answers whoever follows, and keeps what came in the words of its own vocabulary. */
function listen(federation, { heard, errors, refusing }) {
  federation
    .setInboxListeners("/users/{identifier}/inbox", "/inbox")
    .setSharedKeyDispatcher(() => ({ identifier: "fedi" }))
    .on(Activity, async (ctx, activity) => {
      heard.push(await seen(activity, ctx));
      if (!(activity instanceof Follow)) return;
      const follower = await activity.getActor(ctx);
      const { identifier } = ctx.parseUri(activity.objectId);
      const Answer = refusing.has(identifier) ? Reject : Accept;
      const answer = new Answer({
        id: new URL(`#answers/${crypto.randomUUID()}`, activity.objectId),
        actor: activity.objectId,
        to: follower.id,
        object: activity,
      });
      await ctx.sendActivity({ identifier }, follower, answer);
    })
    .onError((_ctx, error) => void errors.push(String(error?.stack ?? error)));
}

/**
 * Make the server.
 * @param {{ firstKnock: string }} options which standard it signs with first
 */
export function makeFederation({ firstKnock }) {
  const state = {
    ...{ heard: [], errors: [], gone: new Set(), refusing: new Set() },
    ...{ faces: new Map(), notes: new Map() },
  };
  const ring = keyRing();
  const federation = createFederation({
    kv: new MemoryKvStore(),
    allowPrivateAddress: true,
    firstKnock,
  });
  federation
    .setActorDispatcher("/users/{identifier}", (ctx, identifier) =>
      state.gone.has(identifier)
        ? new Tombstone({ id: ctx.getActorUri(identifier) })
        : personOf(ctx, identifier, state.faces.get(identifier)),
    )
    .setKeyPairsDispatcher((_ctx, identifier) => ring(identifier));
  federation.setObjectDispatcher(
    Note,
    "/notes/{id}",
    (_ctx, { id }) => state.notes.get(id) ?? null,
  );
  federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
    software: { name: "foreign", version: "1.0.0" },
    protocols: ["activitypub"],
    usage: { users: {}, localPosts: 0, localComments: 0 },
  }));
  listen(federation, state);
  return { federation, state };
}
