import {
  defineFeature,
  get,
  on,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  submit,
  text,
  typedValues,
  untouched,
  type Ctx,
  type Reply,
  type Req,
  type Route,
} from "../../kit/index.js";
import { proposalByRef } from "../proposals/proposal-ref.js";
import { proposalPath } from "../proposals/proposal.js";
import {
  assertOurs,
  editResponse,
  publishResponse,
  reachMilestone,
  responseToChange,
} from "./answering.js";
import { answerModel, answerPage, editModel } from "./answer.pages.js";
import { responsesAtom } from "./atom.js";
import { officeModel, officePage } from "./office.pages.js";
import { assertMayRespond, responsePath, type Response } from "./response.js";
import { answerForm, readAnswer, typedOf } from "./responses.forms.js";
import { listModel, listPage, showModel, showPage } from "./responses.pages.js";
import {
  milestoneReached,
  responseById,
  responseEdited,
  responsePublished,
  responsesCollection,
  responseTo,
  settleStatus,
} from "./responses.js";
import {
  isTakenBack,
  responseWithdrawn,
  settleUnanswered,
  withdrawnResponsesCollection,
} from "./withdrawing.js";

const reading: Route[] = [
  get("/responses", async (ctx, req) => page(listPage, await listModel(ctx, req.query))),
  get("/responses.atom", async (ctx) => text("application/atom+xml", await responsesAtom(ctx))),
  get("/responses/:id", async (ctx, req) => {
    const id = idIn(req, "id");
    const response = await responseById(ctx, id);
    if (response === null) throw new Refusal((await isTakenBack(ctx, id)) ? "gone" : "not-found");
    return page(showPage, await showModel(ctx, response));
  }),
];

const answering: Route[] = [
  get("/office", (ctx, req) =>
    officials(ctx, req, req.url, async () => page(officePage, await officeModel(ctx, req.query))),
  ),
  get("/proposals/:ref/answer", (ctx, req) => officials(ctx, req, req.url, () => begin(ctx, req))),
  post("/proposals/:ref/answer", (ctx, req) =>
    officials(ctx, req, req.path, () => answer(ctx, req)),
  ),
  get("/responses/:id/edit", (ctx, req) =>
    officials(ctx, req, req.url, async () => {
      const response = await responseToChange(ctx, idIn(req, "id"));
      const typed = untouched(typedOf(response));
      return page(answerPage, await editModel(ctx, response, { typed, withPreview: false }));
    }),
  ),
  post("/responses/:id/edit", (ctx, req) => officials(ctx, req, req.path, () => edit(ctx, req))),
  post("/responses/:id/milestones/:mid/done", (ctx, req) =>
    officials(ctx, req, `/responses/${idIn(req, "id")}`, async () => {
      const response = await reachMilestone(ctx, idIn(req, "id"), idIn(req, "mid"));
      const flash = { kind: "success", key: "responses.show.reached" } as const;
      return redirect(responsePath(response), flash);
    }),
  ),
];

/** Visitors sign in first and come back; members who are no officials are refused. */
async function officials(
  ctx: Ctx,
  req: Req,
  back: string,
  reply: () => Promise<Reply>,
): Promise<Reply> {
  if (ctx.member === null && !req.wantsJson) return redirect(signInPath(back));
  assertMayRespond(ctx.member);
  return reply();
}

function idIn(req: Req, name: "id" | "mid"): string {
  const id = req.params[name] ?? "";
  if (!/^[\w-]{1,100}$/.test(id)) throw new Refusal("not-found");
  return id;
}

async function begin(ctx: Ctx, req: Req): Promise<Reply> {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  if (proposal.status === "withdrawn") throw new Refusal("withdrawn");
  await assertOurs(ctx, proposal);
  const given = await responseTo(ctx, proposal._id);
  if (given !== null) return redirect(responsePath(given));
  const writing = { typed: untouched(), withPreview: false };
  return page(answerPage, await answerModel(ctx, proposal, writing, null));
}

async function answer(ctx: Ctx, req: Req): Promise<Reply> {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  if (req.body["preview"] !== undefined) {
    const writing = { typed: untouched(typedValues(answerForm, req)), withPreview: true };
    return page(answerPage, await answerModel(ctx, proposal, writing, null));
  }
  return submit(answerForm, req, {
    accepted: async (typed) => {
      const { office, decision, body, milestones } = readAnswer(typed);
      const proposalId = proposal._id;
      await publishResponse(ctx, { proposalId, office, decision, body, milestones });
      const flash = { kind: "success", key: "responses.answer.done" } as const;
      return redirect(`${proposalPath(proposal)}#response-title`, flash);
    },
    refused: async (typed, status) => {
      const given = await responseTo(ctx, proposal._id);
      const writing = { typed, withPreview: false };
      return page(answerPage, await answerModel(ctx, proposal, writing, given), status);
    },
  });
}

async function edit(ctx: Ctx, req: Req): Promise<Reply> {
  const before = await responseToChange(ctx, idIn(req, "id"));
  if (req.body["preview"] !== undefined) {
    const writing = { typed: untouched(typedValues(answerForm, req)), withPreview: true };
    return page(answerPage, await editModel(ctx, before, writing));
  }
  return submit(answerForm, req, {
    accepted: async (typed) => {
      const response = await editResponse(ctx, before._id, readAnswer(typed));
      return redirect(responsePath(response), { kind: "success", key: "responses.edit.done" });
    },
    refused: async (typed, status) => {
      const now: Response = (await responseById(ctx, before._id)) ?? before;
      return page(answerPage, await editModel(ctx, now, { typed, withPreview: false }), status);
    },
  });
}

/** What the town hall answers, on the record, and what still awaits an answer. */
export const responses = defineFeature({
  name: "responses",
  collections: [responsesCollection, withdrawnResponsesCollection],
  routes: [...reading, ...answering],
  on: [
    on(responsePublished, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
    on(responseEdited, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
    on(milestoneReached, "settle-status", (ctx, { responseId }) => settleStatus(ctx, responseId)),
    on(responseWithdrawn, "settle-status", (ctx, { proposalId }) =>
      settleUnanswered(ctx, proposalId),
    ),
  ],
});
