import type { Request, RequestHandler, Response } from "express";
import { stateOf } from "../../hosting/web/state.js";
import type { Ctx } from "../../kit/index.js";
import { actorAt, actorCollectionAt, type LocalActor } from "../addresses.js";
import { findActor } from "../documents/actors.js";
import {
  findActorCollection,
  findCommentReplies,
  findProposalCollection,
} from "../documents/collections.js";
import { document, type Found } from "../documents/found.js";
import {
  findActivity,
  findComment,
  findNote,
  findProposal,
  findResponse,
} from "../documents/objects.js";
import { bareActor, createAdmit, type Admit } from "../policy/reads.js";
import type { Services } from "../services.js";
import { sendError, sendFound } from "./answers.js";
import { prefersActivity, prefersPage } from "./negotiation.js";

type Find = (ctx: Ctx, after: string | null) => Promise<Found>;

/** Something at an address: how to find it, and whether people have a page there or elsewhere. */
interface Place {
  readonly find: Find;
  /** The actor whose document it is. */
  readonly actor: LocalActor | null;
  /** `here`: the address is a page's; a path: browsers are sent there; null: no page at all. */
  readonly page: string | null;
}

type Rule = (match: RegExpExecArray) => Omit<Place, "actor">;

const id = "([0-9a-z]{26,64})";
const number = "([1-9]\\d{0,9})";

const rules: ReadonlyArray<readonly [RegExp, Rule]> = [
  [
    new RegExp(`^/proposals/${number}$`),
    ([, n]) => ({ page: "here", find: (ctx) => findProposal(ctx, Number(n)) }),
  ],
  [
    new RegExp(`^/proposals/${number}/(replies|likes|shares|context)$`),
    ([, n, name]) => ({
      page: null,
      find: (ctx, after) => findProposalCollection(ctx, Number(n), name ?? "", after),
    }),
  ],
  [
    new RegExp(`^/proposals/${number}/notes/${id}$`),
    ([, n, note]) => ({ page: `/proposals/${n}`, find: (ctx) => findNote(ctx, note ?? "") }),
  ],
  [
    new RegExp(`^/comments/${id}$`),
    ([, comment]) => ({ page: "here", find: (ctx) => findComment(ctx, comment ?? "") }),
  ],
  [
    new RegExp(`^/comments/${id}/replies$`),
    ([, comment]) => ({
      page: null,
      find: (ctx, after) => findCommentReplies(ctx, comment ?? "", after),
    }),
  ],
  [
    new RegExp(`^/responses/${id}$`),
    ([, response]) => ({ page: "here", find: (ctx) => findResponse(ctx, response ?? "") }),
  ],
  [
    new RegExp(`^/activities/${id}$`),
    ([, activity]) => ({ page: null, find: (ctx) => findActivity(ctx, activity ?? "") }),
  ],
];

/** Where a browser that opens an actor's id is sent; `here` when the id is a page's address. */
function pageOfActor(actor: LocalActor): string {
  if (actor.kind === "proposal") return `/proposals/${actor.number}`;
  return actor.kind === "topic" || actor.kind === "person" ? "here" : "/";
}

function placeAt({ vault }: Services, path: string): Place | null {
  const actor = actorAt(path);
  if (actor !== null) {
    return { actor, page: pageOfActor(actor), find: (ctx) => findActor(vault, ctx, actor) };
  }
  const inActor = actorCollectionAt(path);
  if (inActor !== null && inActor.collection !== "inbox") {
    const { collection, actor: owner } = inActor;
    return {
      actor: null,
      page: null,
      find: (ctx, after) => findActorCollection(ctx, owner, collection, after),
    };
  }
  for (const [pattern, rule] of rules) {
    const match = pattern.exec(path);
    if (match !== null) return { actor: null, ...rule(match) };
  }
  return null;
}

/** Serves actors, objects and collections, and lets everything meant for people through. */
export function serveDocuments(services: Services): RequestHandler {
  const admit = createAdmit(services);
  return async (req, res, next) => {
    const place = placeAt(services, req.path);
    if (place === null) return next();
    if (req.method !== "GET" && req.method !== "HEAD") {
      if (place.page === "here") return next();
      res.set("Allow", "GET, HEAD");
      return sendError(res, 405, "method not allowed");
    }
    res.vary("Accept");
    if (place.page === "here" && !prefersActivity(req)) return next();
    if (place.page !== null && place.page !== "here" && prefersPage(req)) {
      return res.redirect(303, place.page);
    }
    await answer(services, admit, place, { req, res });
  };
}

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

async function answer(
  { parts }: Services,
  admit: Admit,
  { actor, find }: Place,
  { req, res }: Exchange,
): Promise<void> {
  const { instance, log } = stateOf(res);
  const ctx = parts.contexts({ instance, member: null, language: instance.language, log });
  const reading = await admit(ctx, req, actor);
  const { isPrivate } = reading;
  if (isPrivate) res.vary("Signature").vary("Signature-Input");
  if (reading.kind === "refused") {
    if (reading.status === 429 || reading.status === 503) res.set("Retry-After", "60");
    return sendError(res, reading.status, reading.error, isPrivate);
  }
  const found = await find(ctx, pageOf(req));
  const isBare = reading.kind === "bare" && found.kind === "document";
  sendFound(res, isBare ? document(bareActor(found.body)) : found, isPrivate);
}

/** The page that is asked for: an id of ours, or empty for the first; anything else is the first. */
function pageOf(req: Request): string | null {
  const page = req.query["page"];
  if (page === undefined) return null;
  return typeof page === "string" && /^[0-9a-z]{26,64}$/.test(page) ? page : "";
}
