import {
  defineFeature,
  json,
  on,
  post,
  redirect,
  Refusal,
  signInPath,
  type Ctx,
  type Reply,
  type Req,
  type Route,
} from "../../kit/index.js";
import { personErased } from "../people/people.js";
import { proposalByRef } from "../proposals/proposal-ref.js";
import { proposalPath } from "../proposals/proposal.js";
import { topicBySlug } from "../topics/topics.js";
import type { Follow } from "./follow.js";
import { follow, followsCollection, forgetFollows, unfollow } from "./follows.js";

/** What an address names, and the page that shows it. */
interface Target extends Pick<Follow, "kind" | "targetId"> {
  readonly path: string;
}

async function proposalAt(ctx: Ctx, req: Req): Promise<Target> {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  return { kind: "proposal", targetId: proposal._id, path: proposalPath(proposal) };
}

async function topicAt(ctx: Ctx, req: Req): Promise<Target> {
  const topic = await topicBySlug(ctx, req.params["slug"] ?? "");
  if (topic === null) throw new Refusal("not-found");
  return { kind: "topic", targetId: topic._id, path: `/topics/${topic.slug}` };
}

function followRoute(
  path: string,
  targetAt: (ctx: Ctx, req: Req) => Promise<Target>,
  following: boolean,
): Route {
  return post(path, async (ctx, req): Promise<Reply> => {
    const { kind, targetId, path: back } = await targetAt(ctx, req);
    if (ctx.member === null && !req.wantsJson) return redirect(signInPath(back));
    await (following ? follow : unfollow)(ctx, kind, targetId);
    if (req.wantsJson) return json({ following });
    const key = following ? "follows.followed" : "follows.unfollowed";
    return redirect(back, { kind: "success", key });
  });
}

/** Whom to tell of what happens to a proposal or a topic. */
export const follows = defineFeature({
  name: "follows",
  collections: [followsCollection],
  routes: [
    followRoute("/proposals/:ref/follow", proposalAt, true),
    followRoute("/proposals/:ref/unfollow", proposalAt, false),
    followRoute("/topics/:slug/follow", topicAt, true),
    followRoute("/topics/:slug/unfollow", topicAt, false),
  ],
  on: [on(personErased, "forget-follows", (ctx, { personId }) => forgetFollows(ctx, personId))],
});
