import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentsCollection } from "../../src/features/comments/comments.js";
import type { Notification } from "../../src/features/notifications/notification.js";
import { notificationsCollection } from "../../src/features/notifications/notifications.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { responsesCollection } from "../../src/features/responses/responses.js";
import type { Ctx } from "../../src/kit/index.js";
import { exactly, repeats, type Verdict } from "./compared.js";

/** A mail of a notice: the part of its Message-ID before the `@`, `notice.` and the notice's id. */
const aboutNotice = /^message-id:\s*<(notice\.[^@>]+)@/im;

/** What the members should have been told, on the site and by mail, and what they were. */
export async function peopleTold(ctx: Ctx, mailFolder: string): Promise<Verdict[]> {
  const notices = await ctx.collection(notificationsCollection).find({}).toArray();
  const shown = notices.map(keyOf);
  const mails = noticesMailed(mailFolder);
  return [
    exactly("notices to members", await noticesDue(ctx), shown),
    { ...exactly("mails", mailsDue(notices), [...new Set(mails)]), again: repeats(mails).length },
  ];
}

function keyOf({ occasion, memberId, subjectId }: Pick<Notification, keyof Key>): string {
  return `${occasion} ${memberId} ${subjectId}`;
}

type Key = Pick<Notification, "occasion" | "memberId" | "subjectId">;

/** Whoever proposed something is told of what others say to it; nobody of this run follows or answers a comment. */
async function noticesDue(ctx: Ctx): Promise<string[]> {
  const proposals = await ctx.collection(proposalsCollection).find({}).toArray();
  const authorOf = new Map(proposals.map(({ _id, authorId }) => [_id, authorId]));
  const comments = await ctx.collection(commentsCollection).find({ state: "shown" }).toArray();
  const responses = await ctx.collection(responsesCollection).find({}).toArray();
  const said = [
    ...comments.map((one) => ({ ...one, occasion: "comment-on-yours" as const })),
    ...responses.map((one) => ({ ...one, occasion: "response-published" as const })),
  ];
  return said.flatMap(({ _id: subjectId, occasion, proposalId, authorId }) => {
    const memberId = authorOf.get(proposalId) ?? null;
    const isOwn = memberId === null || memberId === authorId;
    return isOwn ? [] : [keyOf({ occasion, memberId, subjectId })];
  });
}

/**
 * Of each notice whose mail was due or sent its mail; where none was wanted, though one has to be, what it is
 * about: every answer is mailed, and of the comments on a proposal one an hour, the first.
 */
function mailsDue(notices: readonly Notification[]): string[] {
  const mailed = notices.filter(({ mail }) => mail !== "none");
  const comments = notices.filter(({ occasion }) => occasion === "comment-on-yours");
  const pairOf = ({ memberId, proposalId }: Notification): string => `${memberId} ${proposalId}`;
  const told = new Set(mailed.filter((one) => comments.includes(one)).map(pairOf));
  const untold = new Set(comments.map(pairOf).filter((pair) => !told.has(pair)));
  const silent = notices.filter(
    ({ occasion, mail }) => occasion === "response-published" && mail === "none",
  );
  return [
    ...mailed.map(({ _id }) => `notice.${_id}`),
    ...silent.map(keyOf),
    ...[...untold].map((pair) => `comments ${pair}`),
  ];
}

/** The notices whose mails lie in the folder where mails are kept, made by the first; as often as each lies there. */
function noticesMailed(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".eml"));
  return files.flatMap((name) => {
    const [head = ""] = readFileSync(join(folder, name), "utf8").split("\r\n\r\n");
    return aboutNotice.exec(head)?.[1] ?? [];
  });
}
