import {
  defineFeature,
  get,
  on,
  page,
  post,
  readForm,
  redirect,
  Refusal,
  signInPath,
  submit,
  untouched,
  type Ctx,
  type Reply,
  type Req,
  type Route,
} from "../../kit/index.js";
import { commentById, commentHandled, commentPublished } from "../comments/comments.js";
import { personErased } from "../people/people.js";
import { standingChanged } from "../people/standing.js";
import { proposalByRef } from "../proposals/proposal-ref.js";
import { proposalPath } from "../proposals/proposal.js";
import { proposalWithdrawn } from "../proposals/proposals.js";
import type { Subject } from "./decision.js";
import {
  forgetUnseen,
  noteWithdrawn,
  ruleOnComment,
  settleById,
  settleStanding,
  unblockAuthor,
} from "./deciding.js";
import { decisionsCollection, moderatorOf } from "./decisions.js";
import { reportActForm, reportForm, rulingForm, supportForm } from "./moderation.forms.js";
import {
  heldModel,
  heldPage,
  moderationPath,
  partPath,
  refusedModel,
  refusedPage,
} from "./moderation.pages.js";
import { waitingCount } from "./queue.js";
import { ruleOnAlike, ruleOnSupport, ruleTogether } from "./ruling-on-supports.js";
import {
  commentModel,
  commentPage,
  logModel,
  logPage,
  reportModel,
  reportPage,
  reportsModel,
  reportsPage,
} from "./reports.pages.js";
import {
  closeReport,
  forwardReport,
  reportHandled,
  reportsCollection,
  reportSubject,
  settleReport,
} from "./reports.js";

/** A page for moderators; a visitor signs in first. */
function moderators(path: string, show: (ctx: Ctx, req: Req) => Promise<Reply>): Route {
  return get(path, async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath(req.url));
    moderatorOf(ctx);
    return show(ctx, req);
  });
}

function afterOf({ query }: Req): string | null {
  return query["after"] === "" ? null : (query["after"] ?? null);
}

const deciding: Route[] = [
  moderators(partPath("held"), async (ctx, req) =>
    page(heldPage, await heldModel(ctx, afterOf(req))),
  ),
  moderators(partPath("refused"), async (ctx, req) =>
    page(refusedPage, await refusedModel(ctx, afterOf(req))),
  ),
  moderators(partPath("reports"), async (ctx, req) =>
    page(reportsPage, await reportsModel(ctx, afterOf(req))),
  ),
  moderators(partPath("log"), async (ctx, req) => page(logPage, await logModel(ctx, afterOf(req)))),
  moderators(`${moderationPath}/comments/:id`, async (ctx, req) =>
    page(commentPage, await commentModel(ctx, req.params["id"] ?? "")),
  ),
  post(`${moderationPath}/comments/:id`, rule),
  post(`${moderationPath}/supports/:id`, async (ctx, req) => {
    moderatorOf(ctx);
    const { act, all } = readForm(supportForm, req);
    try {
      await (all ? ruleOnAlike : ruleOnSupport)(ctx, req.params["id"] ?? "", act);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "gone") throw error;
      return redirect(moderationPath, { kind: "error", key: "moderation.late.support" });
    }
    return told(moderationPath, all ? `${act}-all` : act);
  }),
  post(`${moderationPath}/people/:id/unblock`, async (ctx, req) => {
    await unblockAuthor(ctx, req.params["id"] ?? "");
    return told(partPath("refused"), "unblocked");
  }),
  post(`${moderationPath}/reports/:id`, async (ctx, req) => {
    moderatorOf(ctx);
    const { act, note } = readForm(reportActForm, req);
    const id = req.params["id"] ?? "";
    if (act === "close") await closeReport(ctx, id, note);
    else await forwardReport(ctx, id, note);
    return told(partPath("reports"), act === "close" ? "closed" : "forwarded");
  }),
];

/** Decide; who was overtaken by an edit or by a colleague is told so and sees how it is now. */
async function rule(ctx: Ctx, req: Req): Promise<Reply> {
  moderatorOf(ctx);
  const id = req.params["id"] ?? "";
  const ruling = readForm(rulingForm, req);
  const one = `${moderationPath}/comments/${id}`;
  if (ruling.act === "hide" && ruling.why === null) {
    return redirect(one, { kind: "error", key: "moderation.late.no-reason" });
  }
  try {
    await ruleOnComment(ctx, id, ruling);
  } catch (error) {
    const isLate =
      error instanceof Refusal && ["changed-meanwhile", "gone", "withdrawn"].includes(error.code);
    if (!isLate) throw error;
    return redirect(one, { kind: "error", key: `moderation.late.${error.code}` });
  }
  const isAboutShown = ruling.act === "hide" || ruling.act === "show";
  return told(isAboutShown ? one : heldPath(afterOf(req)), ruling.act);
}

/** Back to where the moderator was reading. */
function heldPath(after: string | null): string {
  return after === null ? moderationPath : `${moderationPath}?after=${encodeURIComponent(after)}`;
}

function told(to: string, key: string): Reply {
  return redirect(to, { kind: "success", key: `moderation.done.${key}` });
}

const reporting: Route[] = [
  get("/comments/:id/report", (ctx, req) => askReport(ctx, req, commentSubject)),
  post("/comments/:id/report", (ctx, req) => takeReport(ctx, req, commentSubject)),
  get("/proposals/:ref/report", (ctx, req) => askReport(ctx, req, proposalSubject)),
  post("/proposals/:ref/report", (ctx, req) => takeReport(ctx, req, proposalSubject)),
];

type FindSubject = (ctx: Ctx, req: Req) => Promise<{ subject: Subject; back: string }>;

async function commentSubject(ctx: Ctx, req: Req) {
  const id = req.params["id"] ?? "";
  const comment = await commentById(ctx, id);
  if (comment === null) throw new Refusal("not-found");
  return { subject: { kind: "comment", id } as const, back: `/comments/${id}` };
}

async function proposalSubject(ctx: Ctx, req: Req) {
  const proposal = await proposalByRef(ctx, req.params["ref"]);
  const subject = { kind: "proposal", id: proposal._id } as const;
  return { subject, back: proposalPath(proposal) };
}

async function askReport(ctx: Ctx, req: Req, find: FindSubject): Promise<Reply> {
  if (ctx.member === null) return redirect(signInPath(req.url));
  const { subject } = await find(ctx, req);
  return page(reportPage, await reportModel(ctx, subject, req.path, untouched()));
}

async function takeReport(ctx: Ctx, req: Req, find: FindSubject): Promise<Reply> {
  const { subject, back } = await find(ctx, req);
  if (ctx.member === null && !req.wantsJson) return redirect(signInPath(back));
  return submit(reportForm, req, {
    accepted: async (input) => {
      await reportSubject(ctx, { subject, ...input });
      return told(back, "reported");
    },
    refused: async (typed, status) =>
      page(reportPage, await reportModel(ctx, subject, req.path, typed), status),
  });
}

/** What waits for moderators, what members report, and what was decided. */
export const moderation = defineFeature({
  name: "moderation",
  collections: [decisionsCollection, reportsCollection],
  routes: [...deciding, ...reporting],
  jobs: [ruleTogether],
  on: [
    on(commentPublished, "moderation", (ctx, { commentId }) => settleById(ctx, commentId)),
    on(commentHandled, "moderation", (ctx, { commentId }) => settleById(ctx, commentId)),
    on(standingChanged, "moderation", (ctx, { personId }) => settleStanding(ctx, personId)),
    on(reportHandled, "moderation", (ctx, { reportId }) => settleReport(ctx, reportId)),
    on(proposalWithdrawn, "moderation", noteWithdrawn),
    on(personErased, "moderation", (ctx, { personId }) => forgetUnseen(ctx, personId)),
  ],
  waiting: waitingCount,
});
