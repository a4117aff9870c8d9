import type { PersonView } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { titleOf } from "../proposals/cards.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { latestRefused } from "../supports/refused.js";
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
  return rows.flatMap(({ personId, proposalId, at, why }) => {
    const proposal = proposals.get(proposalId);
    if (proposal === undefined) return [];
    return [
      {
        ...{ person: personView(ctx, people.get(personId)), at },
        ...{ title: titleOf(ctx, proposal), url: proposalPath(proposal) },
        why: why === null ? null : ctx.t.t(`moderation.supports.why.${why}`),
      },
    ];
  });
}
