import type { Ctx } from "../../kit/index.js";
import { proposalById } from "../../features/proposals/proposals.js";
import { actorAt, actorCollectionAt, actorUri, city, type LocalActor } from "../addresses.js";
import { findAnswerers } from "../answerers.js";
import { findActor } from "../documents/actors.js";
import {
  findActorCollection,
  findCommentCollection,
  findProposalCollection,
  findResponseCollection,
  type NoteCollection,
} from "../documents/collections.js";
import { nothing, type Found } from "../documents/found.js";
import { findQuote } from "../documents/quote.js";
import { findActivity, findNote } from "../documents/activities.js";
import { findComment, findProposal, findResponse } from "../documents/objects.js";
import type { Services } from "../services.js";

type Find = (ctx: Ctx, after: string | null) => Promise<Found>;

/** Something at an address: how to find it, and whether people have a page there or elsewhere. */
export interface Place {
  readonly find: Find;
  /** The actor whose document it is. */
  readonly actor: LocalActor | null;
  /** `here`: the address is a page's; a path: browsers are sent there; null: no page at all. */
  readonly page: string | null;
  /** For a page that only leads on to another, and so cannot name its object itself. */
  readonly named?: Find;
  /** A collection, of which a page can be asked for. */
  readonly paged?: true;
}

type Rule = (match: RegExpExecArray) => Omit<Place, "actor">;

const id = "([0-9a-z]{26,64})";
const number = "([1-9]\\d{0,9})";
const collections = "(replies|likes|shares)";

function listing(find: Find): Omit<Place, "actor"> {
  return { page: null, paged: true, find };
}

const rules: ReadonlyArray<readonly [RegExp, Rule]> = [
  [
    new RegExp(`^/proposals/${number}$`),
    ([, n]) => ({ page: "here", find: (ctx) => findProposal(ctx, Number(n)) }),
  ],
  [
    new RegExp(`^/proposals/linked/${id}$`),
    ([, proposal]) => ({ page: "here", find: (ctx) => findLinked(ctx, proposal ?? "") }),
  ],
  [
    new RegExp(`^/proposals/${number}/(replies|likes|shares|context)$`),
    ([, n, name]) =>
      listing((ctx, after) =>
        findProposalCollection(ctx, Number(n), name as NoteCollection | "context", after),
      ),
  ],
  [
    new RegExp(`^/proposals/${number}/notes/${id}$`),
    ([, n, note]) => ({ page: `/proposals/${n}`, find: (ctx) => findNote(ctx, note ?? "") }),
  ],
  [
    new RegExp(`^/comments/${id}$`),
    ([, comment]) => {
      const find: Find = (ctx) => findComment(ctx, comment ?? "");
      return { page: "here", find, named: find };
    },
  ],
  [
    new RegExp(`^/comments/${id}/${collections}$`),
    ([, comment, name]) =>
      listing((ctx, after) =>
        findCommentCollection(ctx, comment ?? "", name as NoteCollection, after),
      ),
  ],
  [
    new RegExp(`^/responses/${id}$`),
    ([, response]) => ({ page: "here", find: (ctx) => findResponse(ctx, response ?? "") }),
  ],
  [
    new RegExp(`^/responses/${id}/${collections}$`),
    ([, response, name]) =>
      listing((ctx, after) =>
        findResponseCollection(ctx, response ?? "", name as NoteCollection, after),
      ),
  ],
  [
    /^\/quotes\/([0-9a-f]{64})$/,
    ([, quote]) => ({ page: null, find: (ctx) => findQuote(ctx, quote ?? "") }),
  ],
  [
    new RegExp(`^/activities/${id}$`),
    ([, activity]) => ({ page: null, find: (ctx) => findActivity(ctx, activity ?? "") }),
  ],
  [
    /^\/actor\/answerers\/([0-9a-z.-]{1,253}(?::\d{1,5})?)$/,
    ([, host]) => ({ page: null, find: (ctx) => findAnswerers(ctx, host ?? "") }),
  ],
];

/** The page of a proposal of elsewhere: the object is at its own home. */
async function findLinked(ctx: Ctx, proposalId: string): Promise<Found> {
  const proposal = await proposalById(ctx, proposalId);
  return proposal === null ? nothing : { kind: "elsewhere", uri: proposal.uri };
}

/** Where a browser that opens an actor's id is sent; `here` when the id is a page's address. */
function pageOfActor(actor: LocalActor): string {
  if (actor.kind === "proposal") return `/proposals/${actor.number}`;
  return actor.kind === "topic" || actor.kind === "person" ? "here" : "/";
}

/** Pages about the city or association itself. */
const aboutTheCity: ReadonlySet<string> = new Set(["/", "/about", "/about/"]);

/**
 * What other servers find at a path, or null where there are but pages. Pages about the site itself
 * lead to the city's actor, and an address with a slash at its end to the one without.
 */
export function placeAt(services: Services, path: string): Place | null {
  if (aboutTheCity.has(path)) {
    const find: Find = (ctx) =>
      Promise.resolve({ kind: "elsewhere", uri: actorUri(ctx.instance, city) });
    return { actor: null, page: "here", find };
  }
  if (!path.endsWith("/")) return exactPlace(services, path);
  const trimmed = path.slice(0, -1);
  const place = exactPlace(services, trimmed);
  if (place === null) return null;
  return {
    ...place,
    actor: null,
    find: (ctx) => Promise.resolve({ kind: "elsewhere", uri: ctx.instance.url(trimmed) }),
  };
}

function exactPlace({ vault }: Services, path: string): Place | null {
  const actor = actorAt(path);
  if (actor !== null) {
    return { actor, page: pageOfActor(actor), find: (ctx) => findActor(vault, ctx, actor) };
  }
  const inActor = actorCollectionAt(path);
  if (inActor !== null && inActor.collection !== "inbox") {
    const { collection, actor: owner } = inActor;
    return {
      actor: null,
      ...listing((ctx, after) => findActorCollection(ctx, owner, collection, after)),
    };
  }
  for (const [pattern, rule] of rules) {
    const match = pattern.exec(path);
    if (match !== null) return { actor: null, ...rule(match) };
  }
  return null;
}
