import type { Comment } from "../../features/comments/comment.js";
import type { Person } from "../../features/people/person.js";
import type { Instance } from "../../kit/index.js";
import type { Echo } from "../documents/echo.js";
import { type As2, PUBLIC } from "../vocabulary.js";
import { echoLines, quotable } from "./echo.js";

/** A comment by somebody who agreed to be on the network, with what it answers. */
export interface CommentInPublic {
  readonly instance: Instance;
  readonly comment: Comment;
  readonly author: Person & { readonly uri: string };
  /** The Note it answers. */
  readonly inReplyTo: string;
  /** The actors that are told of it: the proposal's own, and whom it answers. */
  readonly told: readonly { readonly uri: string; readonly handle: string }[];
  /** Followers of the proposal, where they are ours to name, and of the author. */
  readonly followers: readonly string[];
  /** The proposal's Note. */
  readonly proposalUri: string;
  /** Null on a page of many: each Note has it at its own address. */
  readonly echo: Echo | null;
}

type Say = ((c: CommentInPublic) => object) | null;

/** One line per field of a comment: what the network is told of it, or null for nothing. */
const asNote = {
  _id: null,
  uri: ({ comment, echo }) => ({
    id: comment.uri,
    url: comment.uri,
    ...echoLines(comment.uri, echo),
  }),
  proposalId: ({ proposalUri }) => ({
    context: `${proposalUri}/context`,
    conversation: `${proposalUri}/context`,
  }),
  parentId: ({ inReplyTo }) => ({ inReplyTo }),
  answers: null, // only replies of elsewhere answer a response
  rootId: null,
  depth: null,
  authorId: ({ author }) => ({ attributedTo: author.uri }),
  body: null,
  html: ({ comment, instance }) => ({
    content: comment.html,
    contentMap: { [instance.language]: comment.html },
  }),
  origin: null,
  state: null, // only what is shown is told; what was deleted is a Tombstone
  publishedAt: ({ comment }) => ({ published: comment.publishedAt.toISOString() }),
  editedAt: ({ comment }) =>
    comment.editedAt === null ? {} : { updated: comment.editedAt.toISOString() },
  importKey: null,
  handled: null, // of what a moderator hid the words are replaced where it is gathered
  expiresAt: null,
} satisfies Record<keyof Comment, Say>;

/** The Note of a comment, by the citizen who wrote it. */
export function commentNote(c: CommentInPublic): As2 {
  const lines = Object.values(asNote as Record<string, Say>).map((say) => say?.(c) ?? {});
  return {
    type: "Note",
    ...(Object.assign({}, ...lines) as As2),
    to: [PUBLIC],
    cc: [...c.told.map(({ uri }) => uri), ...c.followers],
    tag: c.told.map(({ uri, handle }) => ({ type: "Mention", href: uri, name: `@${handle}` })),
    sensitive: false,
    interactionPolicy: quotable,
  };
}

/** What is left of something that was deleted (ActivityPub, section 6.4). */
export function tombstone(id: string, formerType: string, deleted: Date | null = null): As2 {
  const when = deleted === null ? {} : { deleted: deleted.toISOString() };
  return { id, type: "Tombstone", formerType, ...when };
}
