import type { LinkChoice, Pager, ProposalCard } from "../../kit/component-models.js";
import {
  definePage,
  head,
  signInPath,
  type Ctx,
  type OwnServerView,
  type PageModel,
  type Req,
  followHandle,
  ownServer,
} from "../../kit/index.js";
import { isFollowing } from "../follows/follows.js";
import { cardsOf } from "../proposals/cards.js";
import { listProposals, type ProposalSort } from "../proposals/listing.js";
import type { Topic } from "../topics/topic.js";
import { topics } from "../topics/topics.js";
import type { FollowView } from "./proposal.pages.js";

/** A topic in a list of topics. */
export interface TopicCard {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly proposalCount: number;
}

/** All topics. */
export interface TopicsPage extends PageModel {
  readonly topics: readonly TopicCard[];
}

/** One topic and its proposals. */
export interface TopicPage extends PageModel {
  readonly name: string;
  readonly description: string;
  readonly follow: FollowView;
  readonly ownServer: OwnServerView | null;
  readonly feedUrl: string;
  readonly proposeUrl: string;
  readonly sorts: readonly LinkChoice[];
  readonly cards: readonly ProposalCard[];
  readonly pager: Pager | null;
  readonly start: string | null;
}

export const topicsPage = definePage<TopicsPage>("square/topics");
export const topicPage = definePage<TopicPage>("square/topic");

const sorts = ["recent", "supported", "moving"] as const satisfies readonly ProposalSort[];
const perPage = 20;

/** A topic as lists show it. */
export function topicCard({ name, description, slug, proposalCount }: Topic): TopicCard {
  return { name, description, url: `/topics/${slug}`, proposalCount };
}

/** Every topic of the instance. */
export async function topicsModel(ctx: Ctx): Promise<TopicsPage> {
  return {
    head: head(ctx.t.t("square.topics.title"), {
      description: ctx.t.t("square.topics.lead"),
      canonical: ctx.instance.url("/topics"),
    }),
    topics: (await topics(ctx)).map(topicCard),
  };
}

/** A topic's page: its proposals in the order asked for. */
export async function topicModel(ctx: Ctx, topic: Topic, req: Req): Promise<TopicPage> {
  const path = `/topics/${topic.slug}`;
  const sort = sorts.find((name) => name === req.query["sort"]) ?? "recent";
  const cursor = req.query["after"] ?? null;
  const query = { topicId: topic._id, sort, cursor, limit: perPage };
  const [{ items, next }, following] = await Promise.all([
    listProposals(ctx, query),
    isFollowing(ctx, "topic", topic._id),
  ]);
  const sorted = sort === "recent" ? path : `${path}?sort=${sort}`;
  return {
    head: head(topic.name, {
      description: topic.description === "" ? null : topic.description,
      canonical: ctx.instance.url(path),
      alternateActivity: ctx.instance.url(path),
      feed: ctx.instance.url(`${path}/atom`),
      noIndex: cursor !== null,
    }),
    ...{ name: topic.name, description: topic.description, feedUrl: `${path}/atom` },
    follow: await followView(ctx, topic, following),
    ownServer: await ownServer(ctx, path, { acts: ["follow"] }),
    proposeUrl: `/proposals/new?topic=${topic._id}`,
    sorts: sorts.map((name) => sortChoice(ctx, path, name, name === sort)),
    cards: await cardsOf(ctx, items),
    pager: pagerOf(ctx, { sorted, shown: items.length, next, cursor }),
    start: cursor === null ? null : sorted,
  };
}

function sortChoice(ctx: Ctx, path: string, name: ProposalSort, current: boolean): LinkChoice {
  const url = name === "recent" ? path : `${path}?sort=${name}`;
  return { text: ctx.t.t(`proposals.sort.${name}`), url, current, count: null };
}

interface Standing {
  readonly sorted: string;
  readonly shown: number;
  readonly next: string | null;
  readonly cursor: string | null;
}

function pagerOf(ctx: Ctx, { sorted, shown, next, cursor }: Standing): Pager | null {
  if (next === null && cursor === null) return null;
  const more = `${sorted}${sorted.includes("?") ? "&" : "?"}after=`;
  return {
    previous: null,
    next: next === null ? null : more + next,
    text: ctx.t.t("proposals.list.shown", { count: shown }),
  };
}

async function followView(ctx: Ctx, { slug }: Topic, following: boolean): Promise<FollowView> {
  const path = `/topics/${slug}`;
  return {
    action: ctx.member === null ? null : `${path}/${following ? "unfollow" : "follow"}`,
    following,
    signInUrl: ctx.member === null ? signInPath(path) : null,
    handle: await followHandle(ctx, `topic_${slug.replaceAll("-", "_")}`),
  };
}
