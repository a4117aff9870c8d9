import type { ProposalCard, StatusView } from "../../kit/component-models.js";
import { definePage, head, type Ctx, type PageModel } from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { cardsOf, statusView, titleOf } from "../proposals/cards.js";
import { listProposals } from "../proposals/listing.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { latestResponses } from "../responses/responses.js";
import { topics } from "../topics/topics.js";

/** The front page. */
export interface HomePage extends PageModel {
  readonly name: string;
  readonly tagline: string;
  readonly moving: readonly ProposalCard[];
  readonly fresh: readonly ProposalCard[];
  readonly topics: ReadonlyArray<{
    readonly name: string;
    readonly url: string;
    readonly proposalCount: number;
  }>;
  readonly responses: ReadonlyArray<{
    readonly url: string;
    readonly title: string;
    readonly office: string;
    readonly at: Date;
    readonly excerpt: string;
    readonly decision: StatusView;
  }>;
  /** Handle to follow the instance by from another server. */
  readonly handle: string;
}

export const homePage = definePage<HomePage>("home/home");

const shown = 5;

/** Who we are, what moves, what is new, what the town hall answered. */
export async function homeModel(ctx: Ctx): Promise<HomePage> {
  const { instance } = ctx;
  const [moving, fresh, themes, responses] = await Promise.all([
    listProposals(ctx, { sort: "moving", limit: shown }),
    listProposals(ctx, { sort: "recent", limit: shown }),
    topics(ctx),
    responsesShown(ctx),
  ]);
  const top = new Set(moving.items.map(({ _id }) => _id));
  const others = fresh.items.filter(({ _id }) => !top.has(_id));
  const tagline = instance.tagline === "" ? ctx.t.t("home.tagline") : instance.tagline;
  return {
    head: head(instance.name, {
      description: tagline,
      canonical: instance.url("/"),
      alternateActivity: instance.url("/actor"),
      feed: instance.url("/proposals.atom"),
    }),
    ...{ name: instance.name, tagline, responses },
    moving: await cardsOf(ctx, moving.items),
    fresh: await cardsOf(ctx, others),
    topics: themes.map(({ name, slug, proposalCount }) => ({
      ...{ name, proposalCount, url: `/topics/${slug}` },
    })),
    handle: `@${instance.handle}@${instance.host}`,
  };
}

async function responsesShown(ctx: Ctx): Promise<HomePage["responses"]> {
  const { items } = await latestResponses(ctx, { cursor: null, limit: 3 });
  const proposals = await proposalsByIds(
    ctx,
    items.map(({ proposalId }) => proposalId),
  );
  return items.flatMap(({ proposalId, office, publishedAt, html, decision }) => {
    const proposal = proposals.get(proposalId);
    if (proposal === undefined) return [];
    return [
      {
        ...{ office, at: publishedAt, url: proposalPath(proposal) },
        title: titleOf(ctx, proposal),
        excerpt: plainText(html, 180),
        decision: statusView(ctx, decision),
      },
    ];
  });
}
