import type { CommentView } from "../../kit/component-models.js";
import {
  defineForm,
  formView,
  hasRole,
  lines,
  ownServerPath,
  signInPath,
  untouched,
  type Ctx,
  type FormView,
  type Typed,
} from "../../kit/index.js";
import { markSafe } from "../../kit/safe-html.js";
import { discussionOf, heldUnder, type Thread } from "../comments/discussion.js";
import type { Comment } from "../comments/comment.js";
import { accountsByIds } from "../accounts/accounts.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import { hasSaidOnNetwork, type Person } from "../people/person.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { refOf } from "../proposals/proposal-ref.js";

/** What is typed under a proposal. */
export const commentForm = defineForm({ body: lines(1, 3000) });

/** A form in which a comment is written or changed. */
export interface CommentForm {
  readonly action: string;
  readonly form: FormView;
  /** The comment it answers; null for a first comment or a change. */
  readonly parentId: string | null;
  /** Where to go back to without sending. */
  readonly cancelUrl: string | null;
}

/** A comment with what its reader may do about it. */
export interface DiscussedComment extends Omit<CommentView, "replies"> {
  readonly edited: boolean;
  /** Where a visitor goes on to answer it from another server. */
  readonly ownServerUrl: string | null;
  readonly editUrl: string | null;
  readonly deleteAction: string | null;
  /** Where a moderator hides it or shows it again. */
  readonly moderateUrl: string | null;
  readonly replyForm: CommentForm | null;
  readonly editForm: CommentForm | null;
  readonly replies: readonly DiscussedComment[];
}

/** What is said under a proposal, and how to join in. */
export interface DiscussionView {
  readonly comments: readonly DiscussedComment[];
  /** Address of the threads that follow. */
  readonly next: string | null;
  /** Address of the whole discussion, when only a part is shown. */
  readonly whole: string | null;
  /** Says that more replies exist than are shown. */
  readonly cut: string | null;
  readonly form: CommentForm | null;
  readonly signInUrl: string | null;
  readonly closed: string | null;
  /** Tells moderators how many comments wait for one of them. */
  readonly waiting: string | null;
}

/** What the reader of a discussion asked for. */
export interface Reading {
  /** Cursor of a later page. */
  readonly after: string | null;
  /** Id of the first comment of the thread to begin with. */
  readonly thread: string | null;
  /** Id of the comment under which the reply form is open. */
  readonly reply: string | null;
  /** Id of the comment that is being changed. */
  readonly edit: string | null;
  /** What was typed and refused, in the form that is open. */
  readonly typed: Typed | null;
}

/** Nothing but the discussion from its beginning. */
export const plainReading: Reading = {
  ...{ after: null, thread: null, reply: null, edit: null, typed: null },
};

const threadsPerPage = 20;
/** Threads are drawn this many levels deep. */
const deepest = 4;

/** Give a proposal's discussion as its reader sees it. */
export async function discussionModel(
  ctx: Ctx,
  proposal: Proposal,
  reading: Reading,
): Promise<DiscussionView> {
  const { threads, next, cut } = await discussionOf(ctx, proposal._id, {
    ...{ cursor: reading.after, limit: threadsPerPage, from: reading.thread ?? "" },
  });
  const authors = authorsOf(threads);
  const [people, accounts, held] = await Promise.all([
    peopleByIds(ctx, authors),
    accountsByIds(ctx, authors),
    hasRole(ctx.member, "moderator") ? heldUnder(ctx, proposal._id) : 0,
  ]);
  const path = proposalPath(proposal);
  const open = proposal.status !== "withdrawn";
  const unwanted = await unwantedAmong(ctx, people);
  const scene = { ctx, proposal, reading, people, accounts, open, unwanted };
  const formIsElsewhere = reading.reply !== null || reading.edit !== null;
  return {
    comments: threads.map((thread) => discussed(scene, thread, 1)),
    next: next === null ? null : `${path}?after=${next}#discussion`,
    whole: reading.after === null && reading.thread === null ? null : `${path}#discussion`,
    cut: cut ? ctx.t.t("square.discussion.cut") : null,
    form:
      open && ctx.member !== null
        ? newForm(scene, null, formIsElsewhere ? null : reading.typed)
        : null,
    signInUrl: open && ctx.member === null ? signInPath(`${path}#discussion`) : null,
    closed: open ? null : ctx.t.t("square.discussion.closed"),
    waiting: held === 0 ? null : ctx.t.t("square.discussion.waiting", { count: held }),
  };
}

/** Visitors are offered to answer from their own server, where that can work. */
function unwantedAmong(
  ctx: Ctx,
  people: ReadonlyMap<string, Person>,
): Promise<ReadonlySet<string>> | ReadonlySet<string> {
  if (ctx.member !== null) return new Set();
  const elsewhere = [...people.values()].flatMap(({ uri }) => uri ?? []);
  return ctx.unwanted([ctx.instance.url("/"), ...elsewhere]);
}

function authorsOf(threads: readonly Thread[]): string[] {
  return threads.flatMap(({ comment, replies }) => [comment.authorId, ...authorsOf(replies)]);
}

interface Scene {
  readonly ctx: Ctx;
  readonly proposal: Proposal;
  readonly reading: Reading;
  readonly people: ReadonlyMap<string, Person>;
  readonly accounts: Awaited<ReturnType<typeof accountsByIds>>;
  readonly open: boolean;
  /** Authors whom the network does not reach from here, by address; this site among them when closed. */
  readonly unwanted: ReadonlySet<string>;
}

function newForm({ ctx, proposal }: Scene, parentId: string | null, typed: Typed | null) {
  return {
    action: `/proposals/${refOf(proposal)}/comments`,
    form: formView(commentForm, typed ?? untouched(), ctx.t),
    parentId,
    cancelUrl: parentId === null ? null : `${proposalPath(proposal)}#comment-${parentId}`,
  };
}

function changeForm({ ctx, proposal, reading }: Scene, { _id, body }: Comment): CommentForm {
  return {
    action: `/comments/${_id}/edit`,
    form: formView(commentForm, reading.typed ?? untouched({ body }), ctx.t),
    parentId: null,
    cancelUrl: `${proposalPath(proposal)}#comment-${_id}`,
  };
}

function discussed(scene: Scene, thread: Thread, depth: number): DiscussedComment {
  const { ctx, reading, people } = scene;
  const { comment } = thread;
  const { _id, publishedAt, html, editedAt, rootId } = comment;
  const shown = comment.state === "shown";
  const acts = scene.open && shown;
  const mine = ctx.member !== null && comment.authorId === ctx.member._id;
  const at = `${proposalPath(scene.proposal)}?thread=${rootId}`;
  const author = people.get(comment.authorId);
  const isReachable =
    !scene.unwanted.has(ctx.instance.url("/")) &&
    !scene.unwanted.has(author?.uri ?? "") &&
    (comment.origin === "elsewhere" ||
      (author !== undefined && hasSaidOnNetwork(author, publishedAt)));
  const replyUrl = `${at}&reply=${_id}#comment-${_id}`;
  return {
    ...{ id: _id, publishedAt, stance: null, body: markSafe(shown ? html : "") },
    reportUrl: shown && !mine ? `/comments/${_id}/report` : null,
    moderateUrl: moderateUrl(scene, comment),
    author: { ...personView(ctx, author), role: roleOf(scene, comment) },
    removed: shown
      ? null
      : ctx.t.t(`square.discussion.${comment.state === "hidden" ? "hidden" : "removed"}`),
    edited: shown && editedAt !== null,
    replyUrl: !acts ? null : ctx.member === null ? signInPath(replyUrl) : replyUrl,
    ownServerUrl:
      acts && ctx.member === null && isReachable
        ? ownServerPath(`/comments/${_id}`, "comment")
        : null,
    editUrl: acts && mine ? `${at}&edit=${_id}#comment-${_id}` : null,
    deleteAction: shown && mine ? `/comments/${_id}/delete` : null,
    replyForm: acts && reading.reply === _id ? newForm(scene, _id, reading.typed) : null,
    editForm: acts && mine && reading.edit === _id ? changeForm(scene, comment) : null,
    replies: repliesOf(scene, thread, depth),
  };
}

function moderateUrl({ ctx }: Scene, { _id, state, authorId }: Comment): string | null {
  const mayAct = hasRole(ctx.member, "moderator") && authorId !== ctx.member?._id;
  return mayAct && (state === "shown" || state === "hidden")
    ? `/admin/moderation/comments/${_id}`
    : null;
}

/** Readers see at once when the town hall speaks, and when it is whose proposal this is. */
function roleOf({ ctx, proposal, accounts }: Scene, { authorId }: Comment): string | null {
  if (accounts.get(authorId)?.roles.includes("official") === true) {
    return ctx.t.t("square.discussion.official");
  }
  return authorId === proposal.authorId ? ctx.t.t("square.discussion.author") : null;
}

/** Answers to the answers of the deepest level stand beside them, in the order they were given. */
function repliesOf(scene: Scene, { replies }: Thread, depth: number): DiscussedComment[] {
  if (depth < deepest - 1) return replies.map((reply) => discussed(scene, reply, depth + 1));
  const level = flat(replies).toSorted((a, b) => (a.comment._id < b.comment._id ? -1 : 1));
  return level.map((reply) => discussed(scene, { ...reply, replies: [] }, depth + 1));
}

function flat(threads: readonly Thread[]): Thread[] {
  return threads.flatMap((thread) => [thread, ...flat(thread.replies)]);
}
