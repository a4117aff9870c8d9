import type { ProposalCard } from "../../kit/component-models.js";
import {
  definePage,
  head,
  followHandle,
  ownServer,
  type Ctx,
  type OwnServerView,
  type PageModel,
} from "../../kit/index.js";
import { cardsOf } from "../proposals/cards.js";
import { listProposals } from "../proposals/listing.js";
import { responseCards, type ResponseCard } from "../responses/response-cards.js";
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
  readonly responses: readonly ResponseCard[];
  /** Handle to follow the instance by from another server; null where nobody can. */
  readonly handle: string | null;
  readonly ownServer: OwnServerView | null;
}

export const homePage = definePage<HomePage>("home/home");

const shown = 4;

/** Who we are, what moves, what is new, what the town hall answered. */
export async function homeModel(ctx: Ctx): Promise<HomePage> {
  const { instance } = ctx;
  const [moving, fresh, themes, answers] = await Promise.all([
    listProposals(ctx, { sort: "moving", limit: shown }),
    listProposals(ctx, { sort: "recent", limit: shown }),
    topics(ctx),
    latestResponses(ctx, { cursor: null, limit: 3 }),
  ]);
  const top = new Set(moving.items.map(({ _id }) => _id));
  const others = fresh.items.filter(({ _id }) => !top.has(_id));
  const [cards, responses, handle, own] = await Promise.all([
    cardsOf(ctx, [...moving.items, ...others]),
    responseCards(ctx, answers.items),
    followHandle(ctx, instance.handle),
    ownServer(ctx, "/", { acts: ["follow"] }),
  ]);
  const tagline = instance.tagline === "" ? ctx.t.t("home.tagline") : instance.tagline;
  return {
    head: head(instance.name, {
      description: tagline,
      canonical: instance.url("/"),
      alternateActivity: instance.url("/actor"),
      feed: instance.url("/proposals.atom"),
    }),
    ...{ name: instance.name, tagline, responses, handle, ownServer: own },
    moving: cards.slice(0, moving.items.length),
    fresh: cards.slice(moving.items.length),
    topics: themes.map(({ name, slug, proposalCount }) => ({
      ...{ name, proposalCount, url: `/topics/${slug}` },
    })),
  };
}
