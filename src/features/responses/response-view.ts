import type { MilestoneView, ResponseBox } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { markSafe } from "../../kit/safe-html.js";
import { statusView } from "../proposals/cards.js";
import { responsePath, type Milestone, type Response } from "./response.js";

/** The town hall's answer as it stands beside its proposal. */
export function responseBox(ctx: Ctx, response: Response): ResponseBox {
  const { decision, office, publishedAt, html, milestones } = response;
  return {
    decision: statusView(ctx, decision),
    ...{ office, publishedAt, body: markSafe(html), url: responsePath(response) },
    milestones: milestoneViews(milestones),
  };
}

/** The steps of an answer; the first that is not done is the one under way. */
export function milestoneViews(milestones: readonly Milestone[]): MilestoneView[] {
  const current = milestones.findIndex(({ doneAt }) => doneAt === null);
  return milestones.map(({ title, due, doneAt }, index) => ({
    title,
    date: doneAt ?? dayOf(due),
    state: doneAt !== null ? "done" : index === current ? "current" : "coming",
    detail: null,
  }));
}

/** Noon in UTC is the same day nearly everywhere people read this. */
function dayOf(due: string | null): Date | null {
  return due === null ? null : new Date(`${due}T12:00:00.000Z`);
}
