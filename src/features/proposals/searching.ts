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
export const mostCandidates = 200;

/** A filter that leaves no more than this is read through for the words. */
const narrow = 400;

/** Otherwise at most this many proposals with the words are looked at, the newest of them. */
const mostLookedAt = 600;

interface Search extends ProposalFilter {
  readonly search: string;
  readonly cursor?: string | null | undefined;
  readonly limit: number;
}

/** A page of what was found, and how many there are in all, counted up to a bound. */
export interface Found extends Slice<Proposal> {
  readonly count: number;
}

interface Ranked {
  readonly proposal: Proposal;
  readonly inTitle: 0 | 1;
}

/**
 * A page of search results: words found in the title first, then by supports, then the newest. Words
 * match without accents and by their stems, the last one by its beginning.
 */
export async function searchProposals(ctx: Ctx, asked: Search): Promise<Found> {
  const ranked = await candidates(ctx, asked);
  const limit = Math.min(Math.max(asked.limit, 1), 100);
  const left = ranked.filter(isAfter(asked.cursor ?? null)).slice(0, limit + 1);
  const { items, next } = sliceOf(left, limit, ({ inTitle, proposal }) =>
    packCursor([inTitle, proposal.counts.supports, proposal._id]),
  );
  return { items: items.map(({ proposal }) => proposal), next, count: ranked.length };
}

async function candidates(
  ctx: Ctx,
  asked: ProposalFilter & { readonly search: string },
): Promise<Ranked[]> {
  const languages = [...new Set([ctx.language, ctx.instance.language])];
  const query = analyseQuery(asked.search, languages);
  if (isEmptyQuery(query)) return [];
  const way = await wayFor(ctx, asked);
  const titles = await way(ctx, query, asked, "title");
  const enough = titles.length >= mostCandidates;
  const anywhere = enough ? [] : await way(ctx, query, asked, "anywhere");
  const seen = new Set(titles.map(({ _id }) => _id));
  const ranked: Ranked[] = [
    ...titles.map((proposal) => ({ proposal, inTitle: 1 as const })),
    ...anywhere
      .filter(({ _id }) => !seen.has(_id))
      .map((proposal) => ({ proposal, inTitle: 0 as const })),
  ];
  return ranked.toSorted(compare);
}

type Way = (
  ctx: Ctx,
  query: SearchQuery,
  filter: ProposalFilter,
  place: SearchPlace,
) => Promise<Proposal[]>;

/** However common a word and however rare what it is narrowed to, few rows are read. */
async function wayFor(ctx: Ctx, { topicId, status, from }: ProposalFilter): Promise<Way> {
  if (topicId === undefined && status === undefined && from === undefined) return byWords;
  const kept = storeFilter({ topicId, status, from });
  const proposals = ctx.collection(proposalsCollection);
  const count = await proposals.countDocuments(kept, { limit: narrow + 1 });
  return count <= narrow ? byFilter : byWordsThenFilter;
}

/** Whole words are read newest first; the beginning of a word has no order in the index. */
function orderOf(query: SearchQuery): { readonly sort?: { readonly _id: -1 } } {
  return query.all.length > 0 ? { sort: { _id: -1 } } : {};
}

/** Said in the negative so that the words choose the index: few proposals hold a word. */
const byWords: Way = (ctx, query, _filter, place) =>
  ctx
    .collection(proposalsCollection)
    .find(
      { ...searchFilter(query, place), $nor: [{ status: "withdrawn" }] },
      { ...orderOf(query), limit: mostCandidates },
    )
    .toArray();

const byFilter: Way = (ctx, query, filter, place) =>
  ctx
    .collection(proposalsCollection)
    .find({ ...searchFilter(query, place), ...storeFilter(filter) }, { limit: mostCandidates })
    .toArray();

const byWordsThenFilter: Way = async (ctx, query, filter, place) => {
  const found = await ctx
    .collection(proposalsCollection)
    .find(searchFilter(query, place), { ...orderOf(query), limit: mostLookedAt })
    .toArray();
  return found.filter((proposal) => passes(filter, proposal)).slice(0, mostCandidates);
};

function passes({ topicId, status, from }: ProposalFilter, proposal: Proposal): boolean {
  return (
    (topicId === undefined || proposal.topicId === topicId) &&
    (status === undefined ? proposal.status !== "withdrawn" : proposal.status === status) &&
    (from === undefined || proposal.origin === from)
  );
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
