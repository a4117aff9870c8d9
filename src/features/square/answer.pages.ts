import type { MilestoneView, ResponseBox } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { markSafe } from "../../kit/safe-html.js";
import { statusView } from "../proposals/cards.js";
import { responsePath, type Milestone, type Response } from "../responses/response.js";

/** The town hall's answer as it stands beside its proposal. */
export function responseBoxOf(ctx: Ctx, response: Response): ResponseBox {
  const { decision, office, publishedAt, html, milestones } = response;
  return {
    decision: statusView(ctx, decision),
    ...{ office, publishedAt, body: markSafe(html), url: responsePath(response) },
    milestones: milestonesOf(milestones),
  };
}

/** The first step that is not done is the one under way. */
function milestonesOf(milestones: readonly Milestone[]): MilestoneView[] {
  const current = milestones.findIndex(({ doneAt }) => doneAt === null);
  return milestones.map(({ title, due, doneAt }, index) => ({
    title,
    date: doneAt ?? (due === null ? null : new Date(`${due}T12:00:00.000Z`)),
    state: doneAt !== null ? "done" : index === current ? "current" : "coming",
    detail: null,
  }));
}
