import type { LinkChoice, Pager, ResponseBox } from "../../kit/component-models.js";
import {
  definePage,
  head,
  hasRole,
  ownServer,
  type Ctx,
  type OwnServerView,
  type PageModel,
} from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import { responseCards, titleFor, type ResponseCard } from "./response-cards.js";
import { responseBox } from "./response-view.js";
import { decisions, responsePath, type Decision, type Response } from "./response.js";
import { isGivenHere, latestResponses } from "./responses.js";

/** The latest answers of the town hall. */
export interface ListPage extends PageModel {
  readonly decisions: readonly LinkChoice[];
  readonly cards: readonly ResponseCard[];
  /** Address of the whole list, when nothing is found in a part of it. */
  readonly clear: string | null;
  /** Address of the list from its beginning, when this is a later page. */
  readonly start: string | null;
  readonly pager: Pager | null;
}

/** One answer on a page of its own. */
export interface ShowPage extends PageModel {
  readonly title: string;
  readonly proposalTitle: string;
  readonly proposalUrl: string;
  readonly response: ResponseBox;
  readonly ownServer: OwnServerView | null;
  readonly editedAt: Date | null;
  readonly editUrl: string | null;
  /** Steps that the reader may say are done. */
  readonly toReach: ReadonlyArray<{ readonly title: string; readonly action: string }>;
}

export const listPage = definePage<ListPage>("responses/list");
export const showPage = definePage<ShowPage>("responses/show");

const perPage = 20;

function listPath(decision: Decision | null, after: string | null = null): string {
  const query = new URLSearchParams({
    ...(decision === null ? {} : { decision }),
    ...(after === null ? {} : { after }),
  });
  return query.size === 0 ? "/responses" : `/responses?${query.toString()}`;
}

/** The latest answers, perhaps of one kind, that an address asks for. */
export async function listModel(
  ctx: Ctx,
  query: Readonly<Record<string, string>>,
): Promise<ListPage> {
  const { t } = ctx.t;
  const decision = decisions.find((known) => known === query["decision"]) ?? null;
  const cursor = query["after"] === undefined || query["after"] === "" ? null : query["after"];
  const { items, next } = await latestResponses(ctx, { cursor, limit: perPage, decision });
  const choice = (text: string, wanted: Decision | null): LinkChoice => {
    return { text, url: listPath(wanted), current: wanted === decision, count: null };
  };
  return {
    head: head(t("responses.list.title"), {
      description: t("responses.list.description", { instance: ctx.instance.name }),
      canonical: ctx.instance.url(listPath(decision)),
      feed: ctx.instance.url("/responses.atom"),
      noIndex: cursor !== null,
    }),
    decisions: [
      choice(t("responses.list.all"), null),
      ...decisions.map((known) => choice(t(`site.status.${known}`), known)),
    ],
    cards: await responseCards(ctx, items),
    clear: decision === null && cursor === null ? null : "/responses",
    start: cursor === null ? null : listPath(decision),
    pager:
      next === null && cursor === null
        ? null
        : {
            previous: null,
            next: next === null ? null : listPath(decision, next),
            text: t("responses.list.shown", { count: items.length }),
          },
  };
}

/** The page of one answer. */
export async function showModel(ctx: Ctx, response: Response): Promise<ShowPage> {
  const proposal = await proposalById(ctx, response.proposalId);
  const proposalTitle = titleFor(ctx, proposal);
  const stands = proposal !== null && proposal.status !== "withdrawn";
  const may = stands && isGivenHere(ctx, response) && hasRole(ctx.member, "official");
  const title = ctx.t.t("responses.show.title", { title: proposalTitle });
  const path = responsePath(response);
  return {
    head: head(title, {
      description: plainText(response.html, 160),
      canonical: isGivenHere(ctx, response) ? ctx.instance.url(path) : response.uri,
      alternateActivity: response.uri,
      noIndex: !isGivenHere(ctx, response),
    }),
    ...{ title, proposalTitle, editedAt: response.editedAt },
    proposalUrl: proposal === null ? "/proposals" : proposalPath(proposal),
    response: { ...responseBox(ctx, response), url: null },
    ownServer: await ownServer(ctx, path, { acts: ["comment"], home: response.uri }),
    editUrl: may ? `${path}/edit` : null,
    toReach: may
      ? response.milestones
          .filter(({ doneAt }) => doneAt === null)
          .map((step) => ({
            title: step.title,
            action: `${path}/milestones/${encodeURIComponent(step._id)}/done`,
          }))
      : [],
  };
}
