import { createBudget, FetchRefused } from "../../drivers/fetch.js";
import { commentByUri } from "../../features/comments/comments.js";
import { proposalPath } from "../../features/proposals/proposal.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { responseByUri } from "../../features/responses/responses.js";
import { throttle, type Ctx } from "../../kit/index.js";
import { actorAt, hostOf, localPath } from "../addresses.js";
import { HostileDocument } from "../inbox/guard.js";
import { isLinkedHost, takeProposalAt } from "../inbound/linked.js";
import { NotAnActor, remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { thingAt } from "./things.js";

/** What a resident finds here of what they came with. */
export type Arrival =
  | { readonly kind: "here"; readonly path: string }
  /** Of a linked site, not known here yet. */
  | { readonly kind: "linked"; readonly host: string }
  | { readonly kind: "elsewhere"; readonly host: string }
  | { readonly kind: "nothing" };

/** Where an address leads that another site sent a resident with. Nothing is fetched or changed. */
export async function arrivalOf(ctx: Ctx, given: unknown): Promise<Arrival> {
  const uri = typeof given === "string" ? given.trim() : "";
  const host = hostOf(uri);
  if (host === null) return { kind: "nothing" };
  const own = localPath(ctx.instance, uri);
  if (own !== null) {
    // The path as we write it ourselves: that of the address may lead elsewhere (`//evil.example`).
    const thing = await thingAt(ctx, pageOf(own));
    return thing === null ? { kind: "nothing" } : { kind: "here", path: thing.path };
  }
  const path = await knownAt(ctx, uri);
  if (path !== null) return { kind: "here", path };
  const isReached = (await ctx.unwanted([uri])).size === 0;
  return { kind: isReached && (await isLinkedHost(ctx, uri)) ? "linked" : "elsewhere", host };
}

/** The page of what is at a path of ours: an actor has its own, or that of what it speaks for. */
function pageOf(path: string): string {
  const note = /^(\/proposals\/\d+)\/notes\/\w+$/.exec(path)?.[1];
  if (note !== undefined) return note;
  const actor = actorAt(path);
  if (actor?.kind === "proposal") return `/proposals/${actor.number}`;
  return actor?.kind === "city" || actor?.kind === "instance" ? "/" : path;
}

async function knownAt(ctx: Ctx, uri: string): Promise<string | null> {
  const proposal = await proposalByUri(ctx, uri);
  if (proposal !== null) return proposalPath(proposal);
  const comment = await commentByUri(ctx, uri);
  if (comment !== null) return `/comments/${comment._id}`;
  const response = await responseByUri(ctx, uri);
  if (response !== null) return `/responses/${response._id}`;
  // This software's proposals have an actor below their own address.
  const spoken = /^(.+)\/actor$/.exec(uri)?.[1];
  const its = spoken === undefined ? null : await proposalByUri(ctx, spoken);
  return its === null ? null : proposalPath(its);
}

const bringing = { what: "bring-here", limit: 30, windowMs: 600_000 };

/**
 * Bring a proposal of a linked site here, named by its own address or that of its actor.
 * @returns its path, or null when there is no proposal that may be shown here.
 * @throws Refusal("too-many-tries")
 */
export async function bringHere(services: Services, ctx: Ctx, uri: string): Promise<string | null> {
  if (ctx.member === null || !(await isLinkedHost(ctx, uri))) return null;
  await throttle(ctx, bringing, ctx.member._id);
  const budget = createBudget(5);
  try {
    await takeProposalAt({ services, ctx, budget }, uri);
    const found = await knownAt(ctx, uri);
    if (found !== null) return found;
    const { url } = await remoteActor(services, ctx, uri, { budget });
    if (!(await isLinkedHost(ctx, url))) return null;
    await takeProposalAt({ services, ctx, budget }, url);
    return await knownAt(ctx, url);
  } catch (error) {
    const isTheirs =
      error instanceof FetchRefused ||
      error instanceof NotAnActor ||
      error instanceof HostileDocument;
    if (isTheirs) return null;
    throw error;
  }
}
