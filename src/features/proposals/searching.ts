import { packCursor, sliceOf, unpackCursor, type Ctx, type Slice } from "../../kit/index.js";
import {
  analyseQuery,
  isEmptyQuery,
  searchFilter,
  type SearchPlace,
  type SearchQuery,
} from "../../kit/text/search.js";
import { storeFilter, type ProposalFilter } from "./filtering.js";
import type { Proposal } from "./proposal.js";
import { proposalsCollection } from "./proposals.js";

/** At most this many matches are ranked, in titles and anywhere: enough pages for any reader. */
export const mostCandidates = 300;

interface Search extends ProposalFilter {
  readonly search: string;
  readonly cursor?: string | null | undefined;
  readonly limit: number;
}

interface Ranked {
  readonly proposal: Proposal;
  readonly inTitle: 0 | 1;
}

/**
 * A page of search results: words found in the title first, then by supports, then the newest. Words
 * match without accents and by their stems, the last one by its beginning.
 */
export async function searchProposals(ctx: Ctx, asked: Search): Promise<Slice<Proposal>> {
  const ranked = await candidates(ctx, asked);
  const limit = Math.min(Math.max(asked.limit, 1), 100);
  const left = ranked.filter(isAfter(asked.cursor ?? null)).slice(0, limit + 1);
  const { items, next } = sliceOf(left, limit, ({ inTitle, proposal }) =>
    packCursor([inTitle, proposal.counts.supports, proposal._id]),
  );
  return { items: items.map(({ proposal }) => proposal), next };
}

/** How many proposals a search finds, counted up to its bound. */
export async function countFound(
  ctx: Ctx,
  asked: ProposalFilter & { readonly search: string },
): Promise<number> {
  return (await candidates(ctx, asked)).length;
}

async function candidates(
  ctx: Ctx,
  asked: ProposalFilter & { readonly search: string },
): Promise<Ranked[]> {
  const languages = [...new Set([ctx.language, ctx.instance.language])];
  const query = analyseQuery(asked.search, languages);
  if (isEmptyQuery(query)) return [];
  const [titles, anywhere] = await Promise.all([
    matches(ctx, query, asked, "title"),
    matches(ctx, query, asked, "anywhere"),
  ]);
  const seen = new Set(titles.map(({ _id }) => _id));
  const ranked: Ranked[] = [
    ...titles.map((proposal) => ({ proposal, inTitle: 1 as const })),
    ...anywhere
      .filter(({ _id }) => !seen.has(_id))
      .map((proposal) => ({ proposal, inTitle: 0 as const })),
  ];
  return ranked.toSorted(compare);
}

/** Whole words are read newest first; the beginning of a word has no order in the index. */
async function matches(
  ctx: Ctx,
  query: SearchQuery,
  filter: ProposalFilter,
  place: SearchPlace,
): Promise<Proposal[]> {
  const order = query.all.length > 0 ? { sort: { _id: -1 } as const } : {};
  return ctx
    .collection(proposalsCollection)
    .find(
      { ...searchFilter(query, place), ...storeFilter(filter) },
      { ...order, limit: mostCandidates },
    )
    .toArray();
}

function compare(a: Ranked, b: Ranked): number {
  return (
    b.inTitle - a.inTitle ||
    b.proposal.counts.supports - a.proposal.counts.supports ||
    (a.proposal._id < b.proposal._id ? 1 : -1)
  );
}

function isAfter(cursor: string | null): (ranked: Ranked) => boolean {
  if (cursor === null) return () => true;
  const [title = null, supports = null, id = null] = unpackCursor(cursor, 3);
  return ({ inTitle, proposal }) =>
    inTitle !== Number(title)
      ? inTitle < Number(title)
      : proposal.counts.supports !== Number(supports)
        ? proposal.counts.supports < Number(supports)
        : proposal._id < String(id);
}
