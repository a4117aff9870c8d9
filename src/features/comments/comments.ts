import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Comment } from "./comment.js";

const payload = z.object({ commentId: z.string() });

/** A comment is shown from now on (written here, or received and let through). */
export const commentPublished = defineEvent("comment-published", payload);
/** Its author changed it. */
export const commentEdited = defineEvent("comment-edited", payload);
/** Its author removed it; its place remains. */
export const commentDeleted = defineEvent("comment-deleted", payload);

export const commentsCollection = defineCollection<Comment>("comments", [
  { keys: { uri: 1 }, unique: true },
  { keys: { proposalId: 1, rootId: 1, _id: 1 } },
  { keys: { parentId: 1, _id: 1 } },
  { keys: { authorId: 1, _id: 1 } },
]);
