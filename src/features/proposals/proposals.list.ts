import { z } from "zod";
import type { LinkChoice, Pager, ProposalCard } from "../../kit/component-models.js";
import { definePage, head, type Ctx, type PageModel, type Req } from "../../kit/index.js";
import type { Topic } from "../topics/topic.js";
import { topics } from "../topics/topics.js";
import { cardsOf } from "./cards.js";
import { countProposals, listProposals, type ProposalQuery, type ProposalSort } from "./listing.js";
import { listedStatuses, type Proposal, type Status } from "./proposal.js";
import { mostCandidates, searchProposals } from "./searching.js";

/** The page of a list of proposals. */
export interface ListPage extends PageModel {
  readonly query: string;
  /** Filters in force, to be kept by the search form. */
  readonly kept: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly topics: readonly LinkChoice[];
  readonly statuses: readonly LinkChoice[];
  /** Empty while no other instance is linked. */
  readonly origins: readonly LinkChoice[];
  readonly sorts: readonly LinkChoice[];
  readonly result: string;
  readonly cards: readonly ProposalCard[];
  readonly pager: Pager | null;
  /** Address of the list from its beginning, when this is a later page. */
  readonly start: string | null;
  /** The list without any filter, when filters leave nothing. */
  readonly clear: string | null;
}

export const listPage = definePage<ListPage>("proposals/list");

const perPage = 20;
const countedTo = 1000;

const asked = z.object({
  topic: z.string().max(40).catch(""),
  status: z
    .enum([...listedStatuses, "withdrawn"])
    .nullable()
    .catch(null),
  from: z.enum(["here", "elsewhere"]).nullable().catch(null),
  sort: z.enum(["recent", "supported", "moving"]).catch("recent"),
  q: z.string().catch(""),
  after: z.string().min(1).nullable().catch(null),
});

/** What the address of a list asks for. */
interface Asked {
  readonly topic: Topic | null;
  readonly status: Status | null;
  readonly from: Proposal["origin"] | null;
  readonly sort: ProposalSort;
  readonly q: string;
  readonly after: string | null;
}

type Change = Partial<Record<"topic" | "status" | "from" | "sort" | "q" | "after", string | null>>;

/** Path of a list; what is null or the default is left out. */
function listPath(wish: Asked, change: Change = {}): string {
  const { topic, status, from, sort, q } = wish;
  const all = { topic: topic?.slug ?? null, status, from, sort, q, after: null, ...change };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && value !== "" && !(name === "sort" && value === "recent")) {
      query.set(name, value);
    }
  }
  return query.size === 0 ? "/proposals" : `/proposals?${query.toString()}`;
}

function readWish(req: Req, known: readonly Topic[]): Asked {
  const { topic, q, ...rest } = asked.parse(req.query);
  return {
    ...rest,
    q: q.trim().slice(0, 200),
    topic: known.find(({ slug }) => slug === topic) ?? null,
  };
}

/** The list that a request asks for. */
export async function listModel(ctx: Ctx, req: Req): Promise<ListPage> {
  const known = await topics(ctx);
  const wish = readWish(req, known);
  const filter = {
    topicId: wish.topic?._id,
    status: wish.status ?? undefined,
    from: wish.from ?? undefined,
  };
  const page = { ...filter, cursor: wish.after, limit: perPage };
  const [linked, { items, next, count }] = await Promise.all([
    countProposals(ctx, { from: "elsewhere" }, 1),
    wish.q === ""
      ? counted(ctx, { ...page, sort: wish.sort })
      : searchProposals(ctx, { ...page, search: wish.q }),
  ]);
  return {
    head: headOf(ctx, wish),
    query: wish.q,
    kept: keptOf(wish),
    ...choicesOf(ctx, wish, known),
    origins: linked === 0 ? [] : originChoices(ctx, wish),
    result: resultWords(ctx, wish, count),
    cards: await cardsOf(ctx, items),
    pager: pagerOf(ctx, wish, items.length, next),
    start: wish.after === null ? null : listPath(wish),
    clear: listPath(wish) === "/proposals" ? null : "/proposals",
  };
}

async function counted(ctx: Ctx, query: ProposalQuery) {
  const [slice, count] = await Promise.all([
    listProposals(ctx, query),
    countProposals(ctx, query, countedTo + 1),
  ]);
  return { ...slice, count };
}

function headOf(ctx: Ctx, wish: Asked): PageModel["head"] {
  const { t } = ctx.t;
  const title =
    wish.topic === null
      ? t("proposals.list.title")
      : t("proposals.list.titleOf", { topic: wish.topic.name });
  return head(title, {
    description: t("proposals.list.description", { instance: ctx.instance.name }),
    canonical: ctx.instance.url(listPath(wish)),
    feed: ctx.instance.url("/proposals.atom"),
    noIndex: wish.q !== "" || wish.after !== null,
  });
}

function keptOf({ topic, status, from }: Asked): ListPage["kept"] {
  const all = { topic: topic?.slug ?? null, status, from };
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
}

function choice(text: string, url: string, current: boolean): LinkChoice {
  return { text, url, current, count: null };
}

function choicesOf(ctx: Ctx, wish: Asked, known: readonly Topic[]) {
  const { t } = ctx.t;
  return {
    topics: [
      choice(t("proposals.list.allTopics"), listPath(wish, { topic: null }), wish.topic === null),
      ...known.map((topic) =>
        choice(topic.name, listPath(wish, { topic: topic.slug }), wish.topic?._id === topic._id),
      ),
    ],
    statuses: [
      choice(t("proposals.list.allStatuses"), listPath(wish, { status: null }), !wish.status),
      ...listedStatuses.map((status) =>
        choice(t(`site.status.${status}`), listPath(wish, { status }), wish.status === status),
      ),
    ],
    sorts:
      wish.q === ""
        ? (["recent", "supported", "moving"] as const).map((sort) =>
            choice(t(`proposals.sort.${sort}`), listPath(wish, { sort }), wish.sort === sort),
          )
        : [],
  };
}

function originChoices(ctx: Ctx, wish: Asked): LinkChoice[] {
  return ([null, "here", "elsewhere"] as const).map((from) =>
    choice(
      ctx.t.t(`proposals.from.${from ?? "all"}`),
      listPath(wish, { from }),
      wish.from === from,
    ),
  );
}

function resultWords(ctx: Ctx, { q }: Asked, count: number): string {
  const { t } = ctx.t;
  if (q !== "") {
    const key = count >= mostCandidates ? "proposals.list.foundMany" : "proposals.list.found";
    return t(key, { count, query: q });
  }
  return count > countedTo
    ? t("proposals.list.many", { count: countedTo })
    : t("proposals.list.count", { count });
}

function pagerOf(ctx: Ctx, wish: Asked, shown: number, next: string | null): Pager | null {
  if (next === null && wish.after === null) return null;
  return {
    previous: null,
    next: next === null ? null : listPath(wish, { after: next }),
    text: ctx.t.t("proposals.list.shown", { count: shown }),
  };
}
