import type { Ctx } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { followersCollection, type Audience, type Follower, type HandedOut } from "../records.js";

/** A place among the inboxes of an audience. */
type Place = Pick<HandedOut, "list" | "after">;

/** Some inboxes, distinct and not met before, and where those after them begin; null at the end. */
interface Page {
  readonly inboxes: readonly string[];
  readonly next: Place | null;
}

/** Before all of them: at the inboxes that are named one by one. */
export const start: Place = { list: 0, after: "" };

/** Rows of followers read, and deliveries stored, at once: few enough that no page waits for them. */
const pageSize = 100;

/** Some followers: the fields that they have in common. */
type List = Partial<Follower>;

/**
 * The distinct inboxes of an audience, all or those of one host, a page at a time from a place on. Whether
 * one was in a list before is asked of that list, and kept nowhere: so another process can go on.
 */
export async function* pagesOf(
  ctx: Ctx,
  audience: Audience,
  { from, host = null }: { readonly from: Place; readonly host?: string | null },
): AsyncGenerator<Page> {
  const lists = listsOf(audience, host);
  const named = audience.inboxes.filter((inbox) => host === null || hostOf(inbox) === host);
  if (from.list === 0) {
    yield {
      inboxes: [...new Set(named)],
      next: lists.length === 0 ? null : { list: 1, after: "" },
    };
  }
  for (let at = Math.max(1, from.list); at <= lists.length; at += 1) {
    const before = { named, lists: lists.slice(0, at - 1) };
    const end = at === lists.length ? null : { list: at + 1, after: "" };
    let after: string | null = at === from.list ? from.after : "";
    while (after !== null) {
      const targets = await targetsOf(ctx, lists[at - 1] ?? {}, { $gt: after });
      after = targets.length < pageSize ? null : (targets.at(-1) ?? null);
      const inboxes = await notMet(ctx, before, [...new Set(targets)]);
      yield { inboxes, next: after === null ? end : { list: at, after } };
    }
  }
}

function listsOf({ everyone, followersOf, linkedOf }: Audience, host: string | null): List[] {
  const there = host === null ? {} : { host };
  if (everyone) return [there];
  return [
    ...followersOf.map((actorUri) => ({ ...there, actorUri })),
    ...linkedOf.map((actorUri) => ({ ...there, actorUri, linked: true })),
  ];
}

/** The inboxes of the next rows of a list, in order; several have the same where a server has one for all. */
async function targetsOf(
  ctx: Ctx,
  list: List,
  target: { readonly $gt: string } | { readonly $in: string[] },
): Promise<string[]> {
  const next = { sort: { target: 1 }, limit: pageSize, projection: { target: 1 } } as const;
  const rows = await ctx
    .collection(followersCollection)
    .find({ ...list, target }, next)
    .toArray();
  return rows.map((row) => row.target);
}

/** Those of some inboxes that neither are named nor stand in the lists before. */
async function notMet(
  ctx: Ctx,
  { named, lists }: { readonly named: readonly string[]; readonly lists: readonly List[] },
  inboxes: readonly string[],
): Promise<readonly string[]> {
  const left = new Set(inboxes);
  for (const inbox of named) left.delete(inbox);
  for (const list of lists) {
    // A full page may be of one inbox alone: what it shows is known, and the others are asked for again.
    for (let isFull = true; isFull && left.size > 0;) {
      const met = await targetsOf(ctx, list, { $in: [...left] });
      for (const inbox of met) left.delete(inbox);
      isFull = met.length === pageSize;
    }
  }
  return [...left];
}
