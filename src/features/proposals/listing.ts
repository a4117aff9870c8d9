import { packCursor, sliceOf, unpackCursor, type Ctx, type Slice } from "../../kit/index.js";
import { storeFilter, type ProposalFilter } from "./filtering.js";
import type { Proposal } from "./proposal.js";
import { proposalsCollection } from "./proposals.js";
import { searchProposals } from "./searching.js";

/** How a list of proposals is ordered. A search orders its results itself. */
export type ProposalSort = "recent" | "supported" | "moving";

/** One page of a list of proposals, as asked for. */
export interface ProposalQuery extends ProposalFilter {
  readonly sort: ProposalSort;
  readonly search?: string | undefined;
  readonly cursor?: string | null | undefined;
  readonly limit: number;
}

const fieldOf = {
  recent: "publishedAt",
  supported: "counts.supports",
  moving: "warmth",
} as const satisfies Record<ProposalSort, string>;

const valueOf = {
  recent: (proposal) => proposal.publishedAt,
  supported: (proposal) => proposal.counts.supports,
  moving: (proposal) => proposal.warmth,
} as const satisfies Record<ProposalSort, (proposal: Proposal) => Date | number>;

/**
 * A page of proposals: newest, most supported or most moving first; a search puts matches in titles
 * first. Pages stay in step while new proposals arrive. A strange cursor is refused ("not-found").
 */
export async function listProposals(ctx: Ctx, query: ProposalQuery): Promise<Slice<Proposal>> {
  const search = query.search?.trim() ?? "";
  if (search !== "") return searchProposals(ctx, { ...query, search });
  const { sort } = query;
  const limit = Math.min(Math.max(query.limit, 1), 100);
  const field = fieldOf[sort];
  const rows = await ctx
    .collection(proposalsCollection)
    .find(
      { ...storeFilter(query), ...after(sort, query.cursor ?? null) },
      { sort: { [field]: -1, _id: -1 }, limit: limit + 1, projection: { terms: 0 } },
    )
    .toArray();
  return sliceOf(rows, limit, (last) => packCursor([valueOf[sort](last), last._id]));
}

function after(sort: ProposalSort, cursor: string | null): object {
  if (cursor === null) return {};
  const [packed = null, id = null] = unpackCursor(cursor, 2);
  const value = sort === "recent" ? new Date(Number(packed)) : Number(packed);
  const field = fieldOf[sort];
  return {
    $or: [{ [field]: { $lt: value } }, { [field]: value, _id: { $lt: String(id) } }],
  };
}

/** How many proposals a list holds, counted up to `limit`. */
export async function countProposals(
  ctx: Ctx,
  filter: ProposalFilter,
  limit: number,
): Promise<number> {
  return ctx.collection(proposalsCollection).countDocuments(storeFilter(filter), { limit });
}

/** A person's proposals, the newest first, withdrawn ones left out. */
export async function proposalsBy(
  ctx: Ctx,
  authorId: string,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<Slice<Proposal>> {
  const rows = await ctx
    .collection(proposalsCollection)
    .find(
      { authorId, status: { $ne: "withdrawn" }, ...after("recent", cursor) },
      { sort: { publishedAt: -1, _id: -1 }, limit: limit + 1 },
    )
    .toArray();
  return sliceOf(rows, limit, (last) => packCursor([last.publishedAt, last._id]));
}
