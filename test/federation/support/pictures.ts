import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { Comment } from "../../../src/features/comments/comment.js";
import { commentsCollection } from "../../../src/features/comments/comments.js";
import { peopleByIds } from "../../../src/features/people/people.js";
import { proposalByUri } from "../../../src/features/proposals/proposals.js";
import type { Response } from "../../../src/features/responses/response.js";
import { responseTo } from "../../../src/features/responses/responses.js";
import type { Town } from "./town.js";

/** Counts every POST that any server of this process receives. */
export function countingPosts() {
  let posts = 0;
  let last = 0;
  const hear = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.method === "POST") posts += 1;
  };
  subscribe("http.server.request.start", hear);
  return {
    /** Since last asked. */
    fresh(): number {
      const news = posts - last;
      last = posts;
      return news;
    },
    stop: () => unsubscribe("http.server.request.start", hear),
  };
}

/** What everybody can see of a proposal on one instance. */
export async function pictureOn(town: Town, uri: string) {
  const proposal = await proposalByUri(town.visitor, uri);
  if (proposal === null) return null;
  const comments = await town.visitor
    .collection(commentsCollection)
    .find({ proposalId: proposal._id }, { sort: { rootId: 1 }, limit: 100 })
    .toArray();
  const { title, status, html, counts } = proposal;
  return {
    ...{ title, status, html, supports: counts.supports, comments: counts.comments },
    answer: answerOf(await responseTo(town.visitor, proposal._id)),
    thread: await threadOf(town, comments),
  };
}

function answerOf(response: Response | null) {
  if (response === null) return null;
  const { office, decision, html, milestones } = response;
  return { office, decision, html, steps: milestones.map((one) => [one.title, one.doneAt]) };
}

async function threadOf(town: Town, comments: readonly Comment[]) {
  const uris = new Map(comments.map(({ _id, uri }) => [_id, uri]));
  const authors = await peopleByIds(
    town.visitor,
    comments.map(({ authorId }) => authorId),
  );
  return comments
    .map(({ uri, html, state, parentId, authorId }) => ({
      ...{ uri, html, state, answers: uris.get(parentId ?? "") ?? null },
      by: authors.get(authorId)?.name ?? null,
    }))
    .sort((one, other) => one.uri.localeCompare(other.uri));
}
