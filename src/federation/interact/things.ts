import { commentById } from "../../features/comments/comments.js";
import { personByHandle, personById } from "../../features/people/people.js";
import { titleOf } from "../../features/proposals/cards.js";
import { proposalPath, type Proposal } from "../../features/proposals/proposal.js";
import { proposalById, proposalByNumber } from "../../features/proposals/proposals.js";
import { responseById } from "../../features/responses/responses.js";
import { topicBySlug } from "../../features/topics/topics.js";
import { localPath, type Ctx, type RemoteAct } from "../../kit/index.js";
import { actorUri, city } from "../addresses.js";
import { isSaidOnNetwork } from "../documents/on-network.js";

/** Something of this site that people of other servers act on. */
export interface Thing {
  /** Path of its page. */
  readonly path: string;
  readonly title: string;
  /** What each act is about, as other servers know it: an object, or the actor that is followed. */
  readonly uris: Partial<Readonly<Record<RemoteAct, string>>>;
}

/** What lies at a path of this site, or null when nothing there is on the network. */
export async function thingAt(ctx: Ctx, given: unknown): Promise<Thing | null> {
  const path = typeof given === "string" ? (given.split(/[?#]/)[0] ?? "") : "";
  const parts = /^\/([a-z]*)(?:\/([\w-]+))?(?:\/(\w+))?\/?$/.exec(path);
  if (parts === null || localPath(path) !== path) return null;
  const [, kind = "", name = "", id = ""] = parts;
  switch (kind) {
    case "":
    case "about":
      return name === "" ? ofCity(ctx) : null;
    case "proposals":
      return ofProposal(
        ctx,
        name === "linked" ? await proposalById(ctx, id) : await proposalByNumber(ctx, Number(name)),
      );
    case "topics":
      return ofTopic(ctx, name);
    case "comments":
      return ofComment(ctx, name);
    case "responses":
      return ofResponse(ctx, name);
    case "people":
      return ofPerson(ctx, name);
    default:
      return null;
  }
}

function ofCity({ instance }: Ctx): Thing {
  const { name: title } = instance;
  return { path: "/", title, uris: { follow: actorUri(instance, city) } };
}

function ofProposal(ctx: Ctx, proposal: Proposal | null): Thing | null {
  if (proposal === null) return null;
  const { uri, number, elsewhere } = proposal;
  const own = number === null ? null : actorUri(ctx.instance, { kind: "proposal", number });
  const follow = elsewhere?.actorUri ?? own;
  const acts = proposal.status === "withdrawn" ? {} : { support: uri, comment: uri };
  return {
    path: proposalPath(proposal),
    title: titleOf(ctx, proposal),
    uris: { ...acts, ...(follow === null ? {} : { follow }) },
  };
}

async function ofTopic(ctx: Ctx, slug: string): Promise<Thing | null> {
  const topic = await topicBySlug(ctx, slug);
  if (topic === null) return null;
  const follow = actorUri(ctx.instance, { kind: "topic", slug: topic.slug });
  return { path: `/topics/${topic.slug}`, title: topic.name, uris: { follow } };
}

/** Comments of citizens who did not agree to the network, or have left it since, are not on it. */
async function ofComment(ctx: Ctx, id: string): Promise<Thing | null> {
  const comment = await commentById(ctx, id);
  if (comment === null || comment.state !== "shown") return null;
  const [author, proposal] = await Promise.all([
    personById(ctx, comment.authorId),
    proposalById(ctx, comment.proposalId),
  ]);
  if (proposal === null || author === null || author.erasedAt !== null) return null;
  if (comment.origin === "here" && !isSaidOnNetwork(author, comment)) return null;
  return {
    path: `/comments/${comment._id}`,
    title: ctx.t.t("interact.commentOf", { name: author.name, title: titleOf(ctx, proposal) }),
    uris: proposal.status === "withdrawn" ? {} : { comment: comment.uri },
  };
}

async function ofResponse(ctx: Ctx, id: string): Promise<Thing | null> {
  const response = await responseById(ctx, id);
  const proposal = response === null ? null : await proposalById(ctx, response.proposalId);
  if (response === null || proposal === null) return null;
  const title = ctx.t.t("responses.show.title", { title: titleOf(ctx, proposal) });
  return { path: `/responses/${response._id}`, title, uris: { comment: response.uri } };
}

async function ofPerson(ctx: Ctx, handle: string): Promise<Thing | null> {
  const person = await personByHandle(ctx, handle);
  if (person === null || person.uri === null || !person.federated) return null;
  if (person.erasedAt !== null) return null;
  return { path: `/people/${person.handle}`, title: person.name, uris: { follow: person.uri } };
}
