import type { Comment } from "../../features/comments/comment.js";
import { hasSaidOnNetwork, type Person } from "../../features/people/person.js";

/** A person who agreed to be an actor on the network and still is one. */
export function isOnNetwork(person: Person | null): person is Person & { uri: string } {
  return person !== null && person.uri !== null && person.federated && person.erasedAt === null;
}

/** Whether a comment was said by its author as they are on the network now. */
export function isSaidOnNetwork(
  author: Person | null,
  { publishedAt }: Pick<Comment, "publishedAt">,
): author is Person & { uri: string } {
  return author !== null && hasSaidOnNetwork(author, publishedAt);
}
