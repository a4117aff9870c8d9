import type { LinkChoice, Pager } from "../../kit/component-models.js";
import { definePage, head, type Ctx, type PageModel } from "../../kit/index.js";
import { titleOf, topicLink } from "../proposals/cards.js";
import { countProposals } from "../proposals/listing.js";
import { refOf } from "../proposals/proposal-ref.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { topicsByIds } from "../topics/topics.js";
import { awaitingFilter, proposalsAwaiting, type AwaitingSort } from "./awaiting.js";

/** A proposal that awaits an answer. */
export interface AwaitingRow {
  readonly number: number | null;
  readonly title: string;
  readonly url: string;
  readonly answerUrl: string;
  readonly topic: { readonly name: string; readonly url: string } | null;
  readonly supports: number;
  readonly comments: number;
  readonly publishedAt: Date;
  /** Since when it waits: "12 jours". */
  readonly age: string;
  readonly origin: string | null;
}

/** What awaits an answer, for officials. */
export interface OfficePage extends PageModel {
  readonly result: string;
  readonly sorts: readonly LinkChoice[];
  readonly rows: readonly AwaitingRow[];
  readonly start: string | null;
  readonly pager: Pager | null;
}

export const officePage = definePage<OfficePage>("responses/office");

const perPage = 30;
const countedTo = 1000;

function officePath(sort: AwaitingSort, after: string | null = null): string {
  const query = new URLSearchParams({
    ...(sort === "oldest" ? {} : { sort }),
    ...(after === null ? {} : { after }),
  });
  return query.size === 0 ? "/office" : `/office?${query.toString()}`;
}

/** The proposals without an answer that an address asks for. */
export async function officeModel(
  ctx: Ctx,
  query: Readonly<Record<string, string>>,
): Promise<OfficePage> {
  const { t } = ctx.t;
  const sort: AwaitingSort = query["sort"] === "supported" ? "supported" : "oldest";
  const cursor = query["after"] === undefined || query["after"] === "" ? null : query["after"];
  const [{ items, next }, count] = await Promise.all([
    proposalsAwaiting(ctx, { sort, cursor, limit: perPage }),
    countProposals(ctx, awaitingFilter(ctx), countedTo + 1),
  ]);
  return {
    head: head(t("responses.office.title"), { noIndex: true }),
    result:
      count > countedTo
        ? t("responses.office.many", { count: countedTo })
        : t("responses.office.count", { count }),
    sorts: (["oldest", "supported"] as const).map((known) => ({
      text: t(`responses.office.${known}`),
      url: officePath(known),
      current: known === sort,
      count: null,
    })),
    rows: await rowsOf(ctx, items),
    start: cursor === null ? null : officePath(sort),
    pager:
      next === null && cursor === null
        ? null
        : {
            previous: null,
            next: next === null ? null : officePath(sort, next),
            text: t("responses.office.shown", { count: items.length }),
          },
  };
}

async function rowsOf(ctx: Ctx, proposals: readonly Proposal[]): Promise<AwaitingRow[]> {
  const topics = await topicsByIds(
    ctx,
    proposals.map(({ topicId }) => topicId),
  );
  const now = ctx.clock.now();
  return proposals.map((proposal) => ({
    number: proposal.number,
    title: titleOf(ctx, proposal),
    url: proposalPath(proposal),
    answerUrl: `/proposals/${refOf(proposal)}/answer`,
    topic: topicLink(topics.get(proposal.topicId ?? "")),
    supports: proposal.counts.supports,
    comments: proposal.counts.comments,
    publishedAt: proposal.publishedAt,
    age: ctx.t.formatDistanceDays(ctx.t.daysBetween(proposal.publishedAt, now)),
    origin: proposal.elsewhere?.instanceName ?? null,
  }));
}
