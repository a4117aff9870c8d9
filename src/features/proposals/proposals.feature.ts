import {
  defineFeature,
  get,
  json,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  submit,
  text,
  throttle,
  typedValues,
  untouched,
  type Ctx,
  type Reply,
  type Req,
  type Route,
} from "../../kit/index.js";
import { renderMarkdown } from "../../kit/text/markdown.js";
import { atomOf } from "./atom.js";
import { listProposals } from "./listing.js";
import { editForm, proposalForm, readProposal, typedOf, takeDownForm } from "./proposals.forms.js";
import { listModel, listPage } from "./proposals.list.js";
import {
  editModel,
  editPage,
  historyModel,
  historyPage,
  newModel,
  newPage,
  withdrawModel,
  withdrawPage,
} from "./proposals.pages.js";
import type { Ground } from "./fault.js";
import { numberIn } from "./proposal-ref.js";
import { mayEdit, mayWithdraw, proposalPath } from "./proposal.js";
import { proposalByNumber, proposalsCollection, versionsCollection } from "./proposals.js";
import {
  countersCollection,
  editProposal,
  proposalToChange,
  publishProposal,
  withdrawProposal,
} from "./publishing.js";

const previewing = { what: "previews", limit: 600, windowMs: 10 * 60_000 };

const reading: Route[] = [
  get("/proposals", async (ctx, req) => page(listPage, await listModel(ctx, req))),
  get("/proposals.atom", async (ctx) => {
    const { items } = await listProposals(ctx, { sort: "recent", limit: 30 });
    const title = ctx.t.t("proposals.list.title");
    const feed = { title, path: "/proposals.atom", page: "/proposals", proposals: items };
    return text("application/atom+xml", atomOf(ctx, feed));
  }),
  get("/proposals/:number/history", async (ctx, req) => {
    const proposal = await proposalByNumber(ctx, numberOf(req));
    if (proposal === null) throw new Refusal("not-found");
    return page(historyPage, await historyModel(ctx, proposal));
  }),
];

const proposing: Route[] = [
  get("/proposals/new", (ctx, req) =>
    members(ctx, req, async () => {
      const topicId = req.query["topic"] ?? "";
      const typed = untouched({ topicId });
      return page(newPage, await newModel(ctx, { form: proposalForm, typed, withPreview: false }));
    }),
  ),
  post("/proposals/new", (ctx, req) => members(ctx, req, () => propose(ctx, req))),
  post("/proposals/preview", async (ctx, req) => {
    if (ctx.member === null) throw new Refusal("not-signed-in");
    await throttle(ctx, previewing, ctx.member._id);
    const typed = req.body["text"];
    return json({ html: renderMarkdown(typeof typed === "string" ? typed : "") });
  }),
];

const changing: Route[] = [
  get("/proposals/:number/edit", (ctx, req) =>
    members(ctx, req, async () => {
      const proposal = await openToChange(ctx, req);
      const typed = untouched(typedOf(proposal));
      const writing = { form: editForm, typed, withPreview: false };
      return page(editPage, await editModel(ctx, proposal, writing));
    }),
  ),
  post("/proposals/:number/edit", (ctx, req) => members(ctx, req, () => edit(ctx, req))),
  get("/proposals/:number/withdraw", (ctx, req) =>
    members(ctx, req, async () =>
      page(
        withdrawPage,
        await withdrawModel(ctx, await openToChange(ctx, req, mayWithdraw), untouched()),
      ),
    ),
  ),
  post("/proposals/:number/withdraw", (ctx, req) => members(ctx, req, () => withdraw(ctx, req))),
];

/** Authors are asked nothing; a moderator says why. */
async function withdraw(ctx: Ctx, req: Req): Promise<Reply> {
  const before = await proposalToChange(ctx, numberOf(req), mayWithdraw);
  const done = async (ground: Ground | null): Promise<Reply> => {
    await withdrawProposal(ctx, numberOf(req), ground);
    return redirect(proposalPath(before), { kind: "success", key: "proposals.withdraw.done" });
  };
  if (mayEdit(ctx.member, before) || before.status === "withdrawn") return done(null);
  return submit(takeDownForm, req, {
    accepted: done,
    refused: async (typed, status) =>
      page(withdrawPage, await withdrawModel(ctx, before, typed), status),
  });
}

function numberOf(req: Req): number {
  return numberIn(req.params["number"]);
}

/** Visitors sign in first and come back to the page they wanted. */
async function members(ctx: Ctx, req: Req, reply: () => Promise<Reply>): Promise<Reply> {
  if (ctx.member !== null || req.wantsJson) return reply();
  return redirect(signInPath(req.method === "GET" ? req.url : req.path));
}

async function openToChange(ctx: Ctx, req: Req, may = mayEdit) {
  const proposal = await proposalToChange(ctx, numberOf(req), may);
  if (proposal.status === "withdrawn") throw new Refusal("withdrawn");
  return proposal;
}

async function propose(ctx: Ctx, req: Req): Promise<Reply> {
  const form = proposalForm;
  if (req.body["preview"] !== undefined) {
    const typed = untouched(typedValues(form, req));
    return page(newPage, await newModel(ctx, { form, typed, withPreview: true }));
  }
  return submit(form, req, {
    accepted: async (input) => {
      const proposal = await publishProposal(ctx, readProposal(input));
      return redirect(proposalPath(proposal), { kind: "success", key: "proposals.new.done" });
    },
    refused: async (typed, status) =>
      page(newPage, await newModel(ctx, { form, typed, withPreview: false }), status),
  });
}

async function edit(ctx: Ctx, req: Req): Promise<Reply> {
  const form = editForm;
  const before = await openToChange(ctx, req);
  if (req.body["preview"] !== undefined) {
    const typed = untouched(typedValues(form, req));
    return page(editPage, await editModel(ctx, before, { form, typed, withPreview: true }));
  }
  return submit(form, req, {
    accepted: async (input) => {
      const proposal = await editProposal(ctx, numberOf(req), {
        ...readProposal(input),
        version: input.version,
      });
      return redirect(proposalPath(proposal), { kind: "success", key: "proposals.edit.done" });
    },
    refused: async (typed, status) => {
      const proposal = await openToChange(ctx, req);
      const writing = { form, typed, withPreview: false };
      return page(editPage, await editModel(ctx, proposal, writing), status);
    },
  });
}

/** Numbered public ideas: their list, and how they are written, changed and withdrawn. */
export const proposals = defineFeature({
  name: "proposals",
  collections: [proposalsCollection, versionsCollection, countersCollection],
  routes: [...reading, ...proposing, ...changing],
});
