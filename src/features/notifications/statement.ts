import { profileOf, type Ctx, type Language } from "../../kit/index.js";
import type { Decision } from "../moderation/decision.js";
import { decisionsByIds } from "../moderation/decisions.js";
import type { Proposal } from "../proposals/proposal.js";
import type { Notification } from "./notification.js";

/** What a moderation decision gives the person it concerns: its reasons, and how to contest it. */
export interface Statement {
  /** The rule that is broken, then the moderator's own words; plain text. */
  readonly reasons: readonly string[];
  /** Whom to write to against it; null when the instance names nobody, or there is nothing to contest. */
  readonly contest: string | null;
}

type Told = Pick<Notification, "_id" | "occasion" | "subjectId" | "proposalId">;

/** The statements of reasons that go with these notifications, by their id; others have none. */
export async function statementsFor(
  ctx: Ctx,
  told: readonly Told[],
  proposals: ReadonlyMap<string, Proposal>,
  language: Language = ctx.language,
): Promise<Map<string, Statement>> {
  const decisions = await decisionsByIds(ctx, told.filter(isAboutHidden).map(decisionIdOf));
  const { t } = ctx.inLanguage(language).t;
  const { contact } = profileOf(ctx.instance);
  return new Map(
    told.flatMap((one) => {
      const ground = isAboutHidden(one)
        ? groundOf(decisions.get(decisionIdOf(one)))
        : one.occasion === "proposal-taken-down"
          ? proposals.get(one.proposalId)?.takenDown
          : undefined;
      if (ground === undefined) return [];
      const reason = ground.why === null ? "" : t(`moderation.why.${ground.why}`);
      const rule = reason === "" ? [] : [t("notifications.statement.reason", { reason })];
      const reasons = [...rule, ground.note].filter((text) => text !== "");
      const contest = contact === "" ? null : t("notifications.statement.contest", { contact });
      return [[one._id, { reasons, contest }] as const];
    }),
  );
}

function isAboutHidden({ occasion }: Pick<Notification, "occasion">): boolean {
  return occasion === "comment-hidden";
}

function decisionIdOf({ subjectId }: Pick<Notification, "subjectId">): string {
  return subjectId.split("/")[1] ?? "";
}

function groundOf(decision: Decision | undefined) {
  if (decision === undefined) return undefined;
  return { why: decision.why[0] ?? null, note: decision.note };
}
