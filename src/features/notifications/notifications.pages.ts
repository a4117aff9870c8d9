import type { Pager } from "../../kit/component-models.js";
import { definePage, head, type Ctx, type PageModel } from "../../kit/index.js";
import { commentsByIds } from "../comments/comments.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { titleOf } from "../proposals/cards.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { responsesTo } from "../responses/responses.js";
import type { Notification } from "./notification.js";
import { statementsFor, type Statement } from "./statement.js";
import { notificationsOf, unreadCount } from "./notifications.js";

/** One thing a member is told. */
export interface NotificationRow {
  readonly text: string;
  /** Marks it as read and leads to what it is about. */
  readonly url: string;
  readonly at: Date;
  readonly unread: boolean;
  /** Why a moderator decided so, and how to contest it; null for other news. */
  readonly statement: Statement | null;
}

/** What a member was told, the latest first. */
export interface NotificationsPage extends PageModel {
  readonly rows: readonly NotificationRow[];
  /** Whether there is anything to mark as read. */
  readonly anyUnread: boolean;
  readonly start: string | null;
  readonly pager: Pager | null;
}

export const notificationsPage = definePage<NotificationsPage>("notifications/list");

const perPage = 30;

/** The notifications of the member, from a cursor on. */
export async function notificationsModel(
  ctx: Ctx,
  cursor: string | null,
): Promise<NotificationsPage> {
  const { items, next } = await notificationsOf(ctx, { cursor, limit: perPage });
  const [rows, unread] = await Promise.all([rowsOf(ctx, items), unreadCount(ctx)]);
  return {
    head: head(ctx.t.t("notifications.title"), { noIndex: true }),
    rows,
    anyUnread: unread > 0,
    start: cursor === null ? null : "/notifications",
    pager:
      next === null && cursor === null
        ? null
        : {
            previous: null,
            next: next === null ? null : `/notifications?after=${next}`,
            text: ctx.t.t("notifications.shown", { count: items.length }),
          },
  };
}

/** Everything that the texts name is looked up at once, however long the page. */
async function rowsOf(ctx: Ctx, items: readonly Notification[]): Promise<NotificationRow[]> {
  const proposalIds = items.map(({ proposalId }) => proposalId);
  const [proposals, responses, comments] = await Promise.all([
    proposalsByIds(ctx, proposalIds),
    responsesTo(ctx, proposalIds),
    commentsByIds(
      ctx,
      items.filter(isAboutComment).map(({ subjectId }) => subjectId),
    ),
  ]);
  const [authors, statements] = await Promise.all([
    peopleByIds(
      ctx,
      [...comments.values()].map(({ authorId }) => authorId),
    ),
    statementsFor(ctx, items, proposals),
  ]);
  return items.map((told) => {
    const response = responses.get(told.proposalId);
    const author = authors.get(comments.get(told.subjectId)?.authorId ?? "");
    const step = response?.milestones.find(
      ({ _id }) => `${response._id}/${_id}` === told.subjectId,
    );
    return {
      text: ctx.t.t(`notifications.say.${told.occasion}`, {
        title: titleOf(ctx, proposals.get(told.proposalId) ?? { title: "" }),
        office: response?.office ?? ctx.instance.name,
        author: personView(ctx, author).name,
        milestone: step?.title ?? "–",
      }),
      url: `/notifications/${told._id}`,
      at: told.at,
      unread: told.readAt === null,
      statement: statements.get(told._id) ?? null,
    };
  });
}

function isAboutComment({ occasion }: Notification): boolean {
  return occasion === "comment-on-yours" || occasion === "reply-to-you";
}
