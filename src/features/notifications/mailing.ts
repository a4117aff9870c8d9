import { z } from "zod";
import { defineJob, GiveUp, patientMailTries, sendLetter, type Ctx } from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { cutText } from "../../kit/text/sanitize.js";
import type { Account } from "../accounts/account.js";
import { accountOf } from "../accounts/accounts.js";
import { commentById } from "../comments/comments.js";
import { personById } from "../people/people.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalById } from "../proposals/proposals.js";
import { responseTo } from "../responses/responses.js";
import type { Notification } from "./notification.js";
import { notificationsCollection } from "./notifications.js";
import { statementsFor } from "./statement.js";
import { targetOf } from "./target.js";

/** Mails that have not gone out. One that was refused goes out when an operator has the job run again. */
const sendable: ReadonlyArray<Notification["mail"]> = ["due", "refused"];

/**
 * Send the mail of one notification, unless it has gone out. Its Message-ID is the same at each try,
 * so that a mail repeated after a crash is the same mail. A mail server may be away for a day; a
 * mass of notices has the places of mails alone, and lets letters about accounts pass (`noticeYieldsMs`).
 */
export const mailNotice = defineJob({
  name: "notifications.mail",
  payload: z.object({ notificationId: z.string() }),
  queue: "mail",
  attempts: patientMailTries,
  async run(ctx, { notificationId }, { postponed = 0 }) {
    const rows = ctx.collection(notificationsCollection);
    const notification = await rows.findOne({ _id: notificationId });
    if (notification === null || !sendable.includes(notification.mail)) return;
    const isStale = postponed > 0 && ageOf(ctx, notification) > staleMs;
    const mail = isStale ? "none" : await mailOf(ctx, notification);
    await rows.updateOne({ _id: notificationId, mail: { $in: sendable } }, { $set: { mail } });
    if (mail === "refused") throw new GiveUp("the mail server refuses this address for good");
  },
});

/** Each of some notices lets others pass, the later ones longer: so cities share the mail server. */
export function noticeYieldsMs(position: number): number {
  return 1_000 + position * 100;
}

/** What had to wait longer, since more mails were due each day than may be sent, is told on the site alone. */
const staleMs = 3 * 24 * 3_600_000;

function ageOf(ctx: Ctx, { at }: Notification): number {
  return ctx.clock.now().getTime() - at.getTime();
}

/** Try to send; what became of it. */
async function mailOf(ctx: Ctx, notification: Notification): Promise<Notification["mail"]> {
  const account = await accountOf(ctx, notification.memberId);
  if (account === null || !account.mailNotices) return "none";
  if (account.confirmedAt === null || account.suspendedAt !== null) return "none";
  const proposal = await proposalById(ctx, notification.proposalId);
  const words =
    proposal === null ? null : await wordsOf(ctx, notification, proposal, account.language);
  if (proposal === null || words === null) return "none";
  try {
    await send(ctx, { notification, account, proposal, words });
    return "sent";
  } catch (error) {
    if (error instanceof GiveUp) return "refused";
    throw error;
  }
}

interface Sending {
  readonly notification: Notification;
  readonly account: Account;
  readonly proposal: Proposal;
  readonly words: Readonly<Record<string, string>>;
}

async function send(ctx: Ctx, { notification, account, proposal, words }: Sending): Promise<void> {
  const person = await personById(ctx, account._id);
  const { _id, unsubscribeKey, mail, language } = account;
  await sendLetter(ctx, {
    to: mail,
    language,
    key: `notifications.mail.${notification.occasion}`,
    params: {
      ...words,
      name: oneLine(person?.name ?? ""),
      title: oneLine(proposal.title),
      link: ctx.instance.url(targetOf(notification, proposal)),
    },
    ...{ about: `notice/${notification._id}`, kind: "news" },
    unsubscribeUrl: ctx.instance.url(`/unsubscribe/${_id}/${unsubscribeKey}`),
  });
}

/** What the letter says beside the title, by occasion; null when its subject is gone meanwhile. */
async function wordsOf(
  ctx: Ctx,
  notification: Notification,
  proposal: Proposal,
  language: Account["language"],
): Promise<Readonly<Record<string, string>> | null> {
  const { occasion, subjectId, proposalId } = notification;
  if (occasion === "proposal-withdrawn" || occasion === "response-withdrawn") return {};
  if (occasion === "proposal-taken-down") {
    return { statement: await statementFor(ctx, notification, proposal, language) };
  }
  if (occasion === "comment-hidden" || occasion === "comment-shown-again") {
    const comment = await commentById(ctx, subjectId.split("/")[0] ?? "");
    const expected = occasion === "comment-hidden" ? "hidden" : "shown";
    if (comment === null || comment.state !== expected) return null;
    const statement = await statementFor(ctx, notification, proposal, language);
    return { excerpt: plainText(comment.html, 300), statement };
  }
  if (occasion === "comment-on-yours" || occasion === "reply-to-you") {
    const comment = await commentById(ctx, subjectId);
    if (comment === null || comment.state !== "shown") return null;
    const author = await personById(ctx, comment.authorId);
    return { author: oneLine(author?.name ?? "–"), excerpt: plainText(comment.html, 600) };
  }
  const response = await responseTo(ctx, proposalId);
  if (response === null) return null;
  const { t } = ctx.inLanguage(language).t;
  const step = response.milestones.find(({ _id }) => `${response._id}/${_id}` === subjectId);
  return {
    office: oneLine(response.office),
    decision: t(`site.status.${response.decision}`),
    excerpt: plainText(response.html, 600),
    milestone: oneLine(step?.title ?? "–"),
  };
}

/** The reasons of a decision and how to contest it, as paragraphs of a letter. */
async function statementFor(
  ctx: Ctx,
  notification: Notification,
  proposal: Proposal,
  language: Account["language"],
): Promise<string> {
  const proposals = new Map([[proposal._id, proposal]]);
  const all = await statementsFor(ctx, [notification], proposals, language);
  const { reasons = [], contest = null } = all.get(notification._id) ?? {};
  return [...reasons, ...(contest === null ? [] : [contest])].join("\n\n");
}

/** Words of elsewhere may hold line breaks or go on for long; a subject may not. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > 120 ? `${cutText(line, 119)}…` : line;
}
