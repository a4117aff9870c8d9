import type { PersonView } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { titleOf } from "../proposals/cards.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { mostNew } from "../supports/bursts.js";
import { countAlike, listHeldSupports } from "../supports/held.js";
import { latestRefused, type RefusedSupport } from "../supports/refused.js";
import { latestElsewhere } from "../supports/supports.js";

/** A support of elsewhere, and whether it counts. */
export interface SupportRow {
  readonly person: PersonView;
  readonly title: string;
  readonly url: string;
  readonly at: Date;
  /** Why it does not count; null when it does. */
  readonly why: string | null;
}

const most = 20;

/** The latest supports of elsewhere, those that count and those that do not. */
export async function supportRows(ctx: Ctx): Promise<SupportRow[]> {
  const [counted, refused] = await Promise.all([
    latestElsewhere(ctx, most),
    latestRefused(ctx, most),
  ]);
  const rows = [...counted.map((one) => ({ ...one, why: null })), ...refused]
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, most);
  return told(ctx, rows, ({ why }) => ({
    why: why === null ? null : ctx.t.t(`moderation.supports.why.${why}`),
  }));
}

/** A support that waits, or all those that wait together with it, and where a moderator decides. */
export interface HeldSupportRow extends Omit<SupportRow, "why"> {
  readonly id: string;
  readonly action: string;
  /** How many wait because they came of one site at once; null for one that waits by itself. */
  readonly together: {
    readonly count: number;
    readonly site: string;
    /** So many may count at once. */
    readonly most: number;
  } | null;
}

/** The supports that have waited longest; the next follow as these are decided. */
export async function heldSupportRows(ctx: Ctx): Promise<HeldSupportRow[]> {
  const held = firstOfEach(await listHeldSupports(ctx, most));
  const counts = await Promise.all(
    held.map(async (one) => (one.why === "many-new" ? await countAlike(ctx, one) : null)),
  );
  const rows = held.map((one, at) => ({ ...one, count: counts[at] ?? null }));
  return told(ctx, rows, ({ _id, host, count }) => ({
    ...{ id: _id, action: `/admin/moderation/supports/${encodeURIComponent(_id)}` },
    together: count === null ? null : { count, site: host ?? "", most: mostNew },
  }));
}

/** Of those that wait together the first. */
function firstOfEach(held: readonly RefusedSupport[]): RefusedSupport[] {
  const seen = new Set<string>();
  return held.filter(({ why, host, proposalId }) => {
    if (why !== "many-new") return true;
    const key = `${proposalId} ${host}`;
    return !seen.has(key) && seen.add(key).size > 0;
  });
}

/** Rows with who and what they are about, looked up at once; those about nothing any more are left out. */
async function told<T extends Pick<RefusedSupport, "personId" | "proposalId" | "at">, More>(
  ctx: Ctx,
  rows: readonly T[],
  more: (row: T) => More,
): Promise<Array<Omit<SupportRow, "why"> & More>> {
  const [people, proposals] = await Promise.all([
    peopleByIds(
      ctx,
      rows.map(({ personId }) => personId),
    ),
    proposalsByIds(
      ctx,
      rows.map(({ proposalId }) => proposalId),
    ),
  ]);
  return rows.flatMap((row) => {
    const proposal = proposals.get(row.proposalId);
    if (proposal === undefined) return [];
    return [
      {
        ...{ person: personView(ctx, people.get(row.personId)), at: row.at },
        ...{ title: titleOf(ctx, proposal), url: proposalPath(proposal) },
        ...more(row),
      },
    ];
  });
}
