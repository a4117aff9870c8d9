import { commentByUri } from "../../features/comments/comments.js";
import { erasePerson, personByUri } from "../../features/people/people.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { responseByUri } from "../../features/responses/responses.js";
import { sameOrigin } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import { tellKeysChanged } from "../key-notices.js";
import type { Normal } from "../port.js";
import { takeBackSupports } from "../policy/settling.js";
import {
  followersCollection,
  followingCollection,
  reactionsCollection,
  remoteActorsCollection,
} from "../records.js";
import { revokeQuotes } from "../quotes/revoke.js";
import { personBehind, remoteActor } from "../remote-actors.js";
import { isTestNote, takeTestNote } from "../self-test/echo.js";
import { dropComment, takeComment, takeCommentEdit } from "./comments.js";
import { rememberDeleted } from "./deleted.js";
import type { Handle, Inbound, Outcome } from "./inbound.js";
import { dropProposal, takeProposal } from "./linked.js";
import { first, idOf, isNormal } from "./read.js";
import { dropResponse, takeResponse } from "./responses.js";

async function objectOf({ services, ctx, activity, budget }: Inbound): Promise<Normal | null> {
  const object = first(activity, "object");
  if (isNormal(object)) return object;
  const uri = idOf(object);
  if (uri === null) return null;
  const { fetchDocument } = services.reachOf(ctx.instance);
  const { id, document } = await fetchDocument(uri, { budget });
  return id === uri ? services.normal.of(guardValue(document)) : null;
}

function kindOf(note: Normal): unknown {
  const civic = note["civic"];
  return isNormal(civic) ? civic["kind"] : undefined;
}

/**
 * Something new by its own author: a proposal or a response of a linked instance, or a reply. What is
 * known stays: a Create that was tried again for long may come after an Update.
 */
export const create: Handle = async (inbound) => {
  const { ctx, actor } = inbound;
  const object = await objectOf(inbound);
  if (object === null || idOf(first(object, "attributedTo")) !== actor) return "not its author";
  if (isTestNote(object)) return takeTestNote(inbound, object);
  const uri = object.id ?? "";
  if (kindOf(object) === "proposal") {
    const known = await proposalByUri(ctx, uri);
    return known === null ? takeProposal(inbound, object) : "known already";
  }
  if (kindOf(object) === "response") {
    if ((await responseByUri(ctx, uri)) !== null) return "known already";
    const outcome = await takeResponse(inbound, object);
    if (outcome === "response") return outcome;
  }
  return takeComment(inbound, object, actor);
};

/** What was said as a response, and is a comment here, since it was not its author's to give. */
async function isKeptAsComment({ ctx }: Inbound, { id }: Normal): Promise<boolean> {
  const uri = id ?? "";
  return (await responseByUri(ctx, uri)) === null && (await commentByUri(ctx, uri)) !== null;
}

/** A change by its own author. Neither type nor author of what we hold can change by it. */
export const update: Handle = async (inbound) => {
  const { services, ctx, actor, budget } = inbound;
  if (idOf(first(inbound.activity, "object")) === actor) {
    const fresh = await remoteActor(services, ctx, actor, { budget, fresh: true });
    if ((await personByUri(ctx, actor)) === null) return "unknown actor";
    await personBehind(ctx, fresh);
    return "actor updated";
  }
  const object = await objectOf(inbound);
  if (object === null || idOf(first(object, "attributedTo")) !== actor) return "not its author";
  if (kindOf(object) === "proposal") {
    const known = await proposalByUri(ctx, object.id ?? "");
    if (known !== null && known.elsewhere?.actorUri !== actor) return "not its author";
    return takeProposal(inbound, object);
  }
  if (kindOf(object) === "response" && !(await isKeptAsComment(inbound, object))) {
    return takeResponse(inbound, object);
  }
  return takeCommentEdit(inbound, object, actor);
};

/** Somebody deleted what is theirs, or themselves. */
export const remove: Handle = async (inbound) => {
  const { ctx, actor, activity, revokeQuotes: job } = inbound;
  const uri = idOf(first(activity, "object"));
  if (uri === null || !sameOrigin(uri, actor)) return "not theirs";
  await rememberDeleted(inbound, { uri, by: actor });
  if (uri === actor) {
    return eraseActor(inbound);
  }
  await revokeQuotes(job, ctx, { what: "quotingUri", uri, by: actor });
  if ((await proposalByUri(ctx, uri)) !== null) return dropProposal(ctx, uri, actor);
  const isResponse = (await responseByUri(ctx, uri)) !== null;
  return isResponse ? dropResponse(ctx, uri, actor) : dropComment(inbound, uri, actor);
};

/**
 * An actor is gone: so are its follows, its supports, its keys and its name here. Were its supports kept,
 * whoever leaves and comes back as another actor would count twice.
 */
export async function eraseActor(inbound: Inbound): Promise<Outcome> {
  const { services, ctx, actor: uri, revokeQuotes: job } = inbound;
  services.provenActors.delete(uri);
  services.reachOf(ctx.instance).forgetReplaced({ id: uri });
  await tellKeysChanged(ctx, uri);
  await revokeQuotes(job, ctx, { what: "actorUri", uri });
  await takeBackSupports(ctx, uri);
  await ctx.collection(followersCollection).deleteMany({ followerUri: uri });
  await ctx.collection(followingCollection).deleteMany({ targetUri: uri });
  await ctx.collection(reactionsCollection).deleteMany({ actorUri: uri });
  await ctx.collection(remoteActorsCollection).deleteOne({ uri });
  const person = await personByUri(ctx, uri);
  if (person === null || person.origin === "here") return "unknown actor";
  if (person.erasedAt === null) await erasePerson(ctx, person._id);
  return "actor erased";
}
