import { packCursor, sliceOf, unpackCursor, type Ctx, type Slice } from "../../kit/index.js";
import {
  analyseQuery,
  isEmptyQuery,
  searchFilter,
  type SearchPlace,
  type SearchQuery,
} from "../../kit/text/search.js";
import type { ProposalFilter } from "./filtering.js";
import type { Proposal, Status } from "./proposal.js";
import { proposalsCollection } from "./proposals.js";

/** At most this many matches are ranked, in titles and anywhere: enough pages for any reader. */
export const mostCandidates = 200;

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
  const titles = await matches(ctx, query, asked, "title");
  const enough = titles.length >= mostCandidates;
  const anywhere = enough ? [] : await matches(ctx, query, asked, "anywhere");
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
      { ...searchFilter(query, place), $nor: refused(filter) },
      { ...order, limit: mostCandidates },
    )
    .toArray();
}

/**
 * What a match must not be. Said in the negative so that the words choose the index: few proposals
 * hold a word, while most are open and from here.
 */
function refused({ topicId, status, from }: ProposalFilter): Filter[] {
  const wrong: Filter[] = [status === undefined ? { status: "withdrawn" } : not("status", status)];
  if (topicId !== undefined) wrong.push(not("topicId", topicId));
  if (from !== undefined) wrong.push(not("origin", from));
  return wrong;
}

type Filter = Readonly<Record<string, Status | { readonly $ne: string }>>;

function not(field: string, value: string): Filter {
  return { [field]: { $ne: value } };
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
