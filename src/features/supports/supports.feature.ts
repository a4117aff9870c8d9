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
} from "../../kit/index.js";
import { personChanged, personErased } from "../people/people.js";
import { proposalByRef } from "../proposals/proposal-ref.js";
import { proposalPath, type Proposal } from "../proposals/proposal.js";
import { proposalById, proposalWithdrawn } from "../proposals/proposals.js";
import { burstsCollection } from "./bursts.js";
import { endSupportsElsewhere } from "./leaving.js";
import { forgetRefused, refusedSupportsCollection, refuseIfWithdrawn } from "./refused.js";
import { giveSupport, supportsCollection, takeBackSupport } from "./supports.js";

type Press = (ctx: Ctx, proposal: Proposal) => Promise<void>;

/** Press, then show the proposal again, or tell the script the new figure. */
async function press(ctx: Ctx, req: Req, act: Press): Promise<Reply> {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  const path = proposalPath(proposal);
  if (ctx.member === null && !req.wantsJson) return redirect(signInPath(path));
  try {
    await act(ctx, proposal);
  } catch (error) {
    const asksConsent = error instanceof Refusal && error.code === "needs-consent";
    if (!asksConsent || req.wantsJson) throw error;
    return redirect(`/profile/network?back=${encodeURIComponent(path)}`);
  }
  if (!req.wantsJson) return redirect(path);
  const after = await proposalById(ctx, proposal._id);
  return json({ supports: after?.counts.supports ?? 0, mine: act === giveSupport });
}

/** Who backs what. */
export const supports = defineFeature({
  name: "supports",
  collections: [supportsCollection, refusedSupportsCollection, burstsCollection],
  on: [
    on(proposalWithdrawn, "supports", (ctx, { proposalId }) => refuseIfWithdrawn(ctx, proposalId)),
    on(personChanged, "supports", (ctx, { personId }) => endSupportsElsewhere(ctx, personId)),
    on(personErased, "supports", async (ctx, { personId }) => {
      await forgetRefused(ctx, personId);
      await endSupportsElsewhere(ctx, personId);
    }),
  ],
  routes: [
    post("/proposals/:ref/support", (ctx, req) =>
      press(ctx, req, req.body["withdraw"] === undefined ? giveSupport : takeBackSupport),
    ),
    post("/proposals/:ref/unsupport", (ctx, req) => press(ctx, req, takeBackSupport)),
  ],
});
