import {
  defineFeature,
  get,
  movedTo,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  submit,
  text,
  type Ctx,
  type Reply,
  type Req,
  type Route,
  type Typed,
} from "../../kit/index.js";
import { commentById, deleteComment, editComment, publishComment } from "../comments/comments.js";
import type { Comment } from "../comments/comment.js";
import { formerActor } from "../people/former-actors.js";
import { personById } from "../people/people.js";
import { atomOf } from "../proposals/atom.js";
import { listProposals } from "../proposals/listing.js";
import { numberIn, proposalByRef } from "../proposals/proposal-ref.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { proposalById, proposalByNumber } from "../proposals/proposals.js";
import type { Topic } from "../topics/topic.js";
import { topicBySlug } from "../topics/topics.js";
import { commentForm, plainReading, type Reading } from "./discussion.pages.js";
import { personModel, personPage } from "./person.pages.js";
import { proposalModel, proposalPage } from "./proposal.pages.js";
import { topicModel, topicPage, topicsModel, topicsPage } from "./topic.pages.js";

const proposalRoutes: Route[] = [
  get("/proposals/:number", async (ctx, req) =>
    show(ctx, await proposalByNumber(ctx, numberIn(req.params["number"])), readingOf(req)),
  ),
  get("/proposals/linked/:id", async (ctx, req) => {
    const proposal = await proposalById(ctx, req.params["id"] ?? "");
    if (proposal !== null && proposal.number !== null) return movedTo(proposalPath(proposal));
    return show(ctx, proposal, readingOf(req));
  }),
  post("/proposals/:ref/comments", comment),
];

const commentRoutes: Route[] = [
  get("/comments/:id", async (ctx, req) => {
    const { said, proposal } = await commentOf(ctx, req);
    return redirect(placeOf(proposal, said));
  }),
  post("/comments/:id/edit", change),
  post("/comments/:id/delete", async (ctx, req) => {
    const { said, proposal } = await commentOf(ctx, req);
    if (ctx.member === null && !req.wantsJson) return redirect(signInPath(proposalPath(proposal)));
    await deleteComment(ctx, said._id);
    const flash = { kind: "success", key: "square.discussion.deleted" } as const;
    return redirect(`${proposalPath(proposal)}#discussion`, flash);
  }),
];

const topicRoutes: Route[] = [
  get("/topics", async (ctx) => page(topicsPage, await topicsModel(ctx))),
  get("/topics/:slug", async (ctx, req) =>
    page(topicPage, await topicModel(ctx, await topicOf(ctx, req), req)),
  ),
  get("/topics/:slug/atom", async (ctx, req) => {
    const topic = await topicOf(ctx, req);
    const path = `/topics/${topic.slug}`;
    const { items } = await listProposals(ctx, { topicId: topic._id, sort: "recent", limit: 30 });
    const feed = { title: topic.name, path: `${path}/atom`, page: path, proposals: items };
    return text("application/atom+xml", atomOf(ctx, feed));
  }),
];

const peopleRoutes: Route[] = [
  get("/people/:handle", async (ctx, req) => {
    const former = await formerActor(ctx, req.params["handle"] ?? "");
    const person = former === null ? null : await personById(ctx, former.personId);
    if (person !== null && person.handle !== former?.handle) return redirect(person.url);
    return page(personPage, await personModel(ctx, req));
  }),
];

async function show(
  ctx: Ctx,
  proposal: Proposal | null,
  reading: Reading,
  status = 200,
): Promise<Reply> {
  if (proposal === null) throw new Refusal("not-found");
  return page(proposalPage, await proposalModel(ctx, proposal, reading), status);
}

function idIn(given: unknown): string | null {
  return typeof given === "string" && /^[0-9a-z]{1,40}$/.test(given) ? given : null;
}

function readingOf({ query }: Req): Reading {
  return {
    after: query["after"] === "" ? null : (query["after"] ?? null),
    thread: idIn(query["thread"]),
    reply: idIn(query["reply"]),
    edit: idIn(query["edit"]),
    typed: null,
  };
}

function placeOf(proposal: Proposal, { _id, rootId }: Comment): string {
  return `${proposalPath(proposal)}?thread=${rootId}#comment-${_id}`;
}

async function commentOf(ctx: Ctx, req: Req) {
  const said = await commentById(ctx, req.params["id"] ?? "");
  if (said === null) throw new Refusal("not-found");
  const proposal = await proposalById(ctx, said.proposalId);
  if (proposal === null) throw new Refusal("not-found");
  return { said, proposal };
}

async function topicOf(ctx: Ctx, req: Req): Promise<Topic> {
  const topic = await topicBySlug(ctx, req.params["slug"] ?? "");
  if (topic === null) throw new Refusal("not-found");
  return topic;
}

async function comment(ctx: Ctx, req: Req): Promise<Reply> {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  const path = proposalPath(proposal);
  if (ctx.member === null && !req.wantsJson) return redirect(signInPath(`${path}#discussion`));
  const parentId = idIn(req.body["parentId"]);
  return withConsent(path, req, () =>
    submit(commentForm, req, {
      accepted: async ({ body }) => {
        const said = await publishComment(ctx, { proposalId: proposal._id, parentId, body });
        return redirect(placeOf(proposal, said));
      },
      refused: async (typed, status) =>
        show(ctx, proposal, await readingAt(ctx, { reply: parentId, edit: null }, typed), status),
    }),
  );
}

async function change(ctx: Ctx, req: Req): Promise<Reply> {
  const { said, proposal } = await commentOf(ctx, req);
  if (ctx.member === null && !req.wantsJson) return redirect(signInPath(proposalPath(proposal)));
  return submit(commentForm, req, {
    accepted: async (input) => redirect(placeOf(proposal, await editComment(ctx, said._id, input))),
    refused: async (typed, status) =>
      show(ctx, proposal, await readingAt(ctx, { reply: null, edit: said._id }, typed), status),
  });
}

/** The discussion with the refused form open in its place. */
async function readingAt(
  ctx: Ctx,
  open: Pick<Reading, "reply" | "edit">,
  typed: Typed,
): Promise<Reading> {
  const at = open.reply ?? open.edit;
  const said = at === null ? null : await commentById(ctx, at);
  return { ...plainReading, ...open, thread: said?.rootId ?? null, typed };
}

/** Who has not agreed to the network is asked, and comes back. */
async function withConsent(path: string, req: Req, reply: () => Promise<Reply>): Promise<Reply> {
  try {
    return await reply();
  } catch (error) {
    const asks = error instanceof Refusal && error.code === "needs-consent";
    if (!asks || req.wantsJson) throw error;
    return redirect(`/profile/network?back=${encodeURIComponent(path)}`);
  }
}

/** The public pages on which several slices meet: a proposal, a topic, a person. */
export const square = defineFeature({
  name: "square",
  routes: [...proposalRoutes, ...commentRoutes, ...topicRoutes, ...peopleRoutes],
});
