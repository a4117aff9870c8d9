import type { StatusView } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { statusView, titleOf } from "../proposals/cards.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { responsePath, type Response } from "./response.js";

/** An answer in a list. */
export interface ResponseCard {
  readonly title: string;
  readonly url: string;
  readonly proposalUrl: string;
  readonly decision: StatusView;
  readonly office: string;
  readonly publishedAt: Date;
  readonly excerpt: string;
  /** How many steps are done, in words; null without steps. */
  readonly progress: string | null;
}

/** The title of the proposal that an answer is about. */
export function titleFor(ctx: Ctx, proposal: Proposal | null | undefined): string {
  return titleOf(ctx, proposal ?? { title: "" });
}

function cardOf(ctx: Ctx, response: Response, proposal: Proposal | undefined): ResponseCard {
  const { office, publishedAt, html, decision, milestones } = response;
  const done = milestones.filter(({ doneAt }) => doneAt !== null).length;
  return {
    title: titleFor(ctx, proposal),
    url: responsePath(response),
    proposalUrl: proposal === undefined ? "/proposals" : proposalPath(proposal),
    decision: statusView(ctx, decision),
    ...{ office, publishedAt, excerpt: plainText(html, 220) },
    progress:
      milestones.length === 0
        ? null
        : ctx.t.t("responses.list.progress", { done, count: milestones.length }),
  };
}

/** The cards of answers: their proposals are looked up at once. */
export async function responseCards(
  ctx: Ctx,
  responses: readonly Response[],
): Promise<ResponseCard[]> {
  const proposals = await proposalsByIds(
    ctx,
    responses.map(({ proposalId }) => proposalId),
  );
  return responses.map((response) => cardOf(ctx, response, proposals.get(response.proposalId)));
}
