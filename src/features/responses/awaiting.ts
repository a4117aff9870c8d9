import { packCursor, sliceOf, unpackCursor, type Ctx, type Slice } from "../../kit/index.js";
import { storeFilter, type ProposalFilter } from "../proposals/filtering.js";
import { listProposals } from "../proposals/listing.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalsCollection } from "../proposals/proposals.js";
import { officeActor } from "./response.js";

/** How officials read what awaits an answer: what has waited longest, or what most people want. */
export type AwaitingSort = "oldest" | "supported";

/** What awaits our answer: `isOursToAnswer`, as a filter. */
export function awaitingFilter({ instance }: Ctx): ProposalFilter {
  return instance.kind === "city"
    ? { status: "open", answeredBy: officeActor(instance) }
    : { status: "open", from: "here" };
}

/** A page of proposals that nobody has answered yet. A strange cursor is refused ("not-found"). */
export async function proposalsAwaiting(
  ctx: Ctx,
  asked: {
    readonly sort: AwaitingSort;
    readonly cursor: string | null;
    readonly limit: number;
  },
): Promise<Slice<Proposal>> {
  const { sort, cursor, limit } = asked;
  const waiting = awaitingFilter(ctx);
  if (sort === "supported") return listProposals(ctx, { ...waiting, sort, cursor, limit });
  const rows = await ctx
    .collection(proposalsCollection)
    .find(
      { ...storeFilter(waiting), ...younger(cursor) },
      { sort: { publishedAt: 1, _id: 1 }, limit: limit + 1 },
    )
    .toArray();
  return sliceOf(rows, limit, (last) => packCursor([last.publishedAt, last._id]));
}

function younger(cursor: string | null): object {
  if (cursor === null) return {};
  const [time = null, id = null] = unpackCursor(cursor, 2);
  const publishedAt = new Date(Number(time));
  return {
    $or: [{ publishedAt: { $gt: publishedAt } }, { publishedAt, _id: { $gt: String(id) } }],
  };
}
