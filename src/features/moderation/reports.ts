import { z } from "zod";
import {
  defineCollection,
  defineEvent,
  insertOnce,
  packCursor,
  Refusal,
  sliceOf,
  throttle,
  unpackCursor,
  type Ctx,
  type Slice,
} from "../../kit/index.js";
import { commentById } from "../comments/comments.js";
import { mostWords, type Fault } from "../proposals/fault.js";
import { personById } from "../people/people.js";
import { proposalById } from "../proposals/proposals.js";
import { keyOf, type Subject } from "./decision.js";
import { moderatorOf, recordDecision } from "./decisions.js";
import type { Done, Report } from "./report.js";

/** A moderator closed a report, or sent it on to the server of whoever is reported. */
export const reportHandled = defineEvent("report-handled", z.object({ reportId: z.string() }));

export const reportsCollection = defineCollection<Report>("reports", [
  { keys: { subjectKey: 1, reporterKey: 1 }, unique: true },
  { keys: { state: 1, _id: 1 } },
  { keys: { subjectKey: 1, state: 1, _id: 1 } },
]);

const reporting = { what: "reports", limit: 20, windowMs: 3_600_000 };
const reportingElsewhere = { what: "reports-elsewhere", limit: 60, windowMs: 3_600_000 };
/** When so many reports wait, only residents' are taken. */
const mostWaiting = 2_000;

/** What is wrong with what. */
export interface NewReport {
  readonly subject: Subject;
  readonly why: Fault;
  readonly words: string;
}

/** A report by its id, or null. */
export function reportById(ctx: Ctx, id: string): Promise<Report | null> {
  return ctx.collection(reportsCollection).findOne({ _id: id });
}

/**
 * A member reports something. Reporting it again changes nothing; one's own cannot be reported.
 * @throws Refusal("not-found") for what is not there to be seen, ("too-many-tries")
 */
export async function reportSubject(ctx: Ctx, input: NewReport): Promise<void> {
  const { member } = ctx;
  if (member === null) throw new Refusal("not-signed-in");
  const author = await authorOf(ctx, input.subject);
  if (author === undefined) throw new Refusal("not-found");
  if (author === member._id) throw new Refusal("not-allowed");
  await throttle(ctx, reporting, member._id);
  const reporter = { reporterKey: `here/${member._id}`, reporterId: member._id };
  await keep(ctx, input, { ...reporter, reporterHost: null });
}

/**
 * Somebody of the network reports something of ours; at most 60 an hour of one site, and none while
 * 2,000 reports wait.
 * @returns whether it is news
 * @throws Refusal("too-many-tries")
 */
export async function receiveReport(
  ctx: Ctx,
  input: NewReport & Readonly<Record<"actorUri" | "host" | "site", string>>,
): Promise<boolean> {
  if ((await authorOf(ctx, input.subject)) === undefined) return false;
  await throttle(ctx, reportingElsewhere, input.site);
  const open = await ctx
    .collection(reportsCollection)
    .countDocuments({ state: "open" }, { limit: mostWaiting });
  if (open >= mostWaiting) throw new Refusal("too-many-tries");
  const reporter = { reporterKey: input.actorUri, reporterId: null, reporterHost: input.host };
  return keep(ctx, input, reporter);
}

/** Who made what is reported; undefined when it is not there to be seen. */
async function authorOf(ctx: Ctx, { kind, id }: Subject): Promise<string | null | undefined> {
  if (kind === "proposal") return (await proposalById(ctx, id))?.authorId;
  if (kind === "person") return (await personById(ctx, id))?._id;
  const comment = await commentById(ctx, id);
  return comment?.state === "shown" || comment?.state === "hidden" ? comment.authorId : undefined;
}

async function keep(
  ctx: Ctx,
  { subject, why, words }: NewReport,
  reporter: Pick<Report, "reporterKey" | "reporterId" | "reporterHost">,
): Promise<boolean> {
  const report: Report = {
    ...{ _id: ctx.ids.next(), subject, subjectKey: keyOf(subject), ...reporter, why },
    ...{ words: words.slice(0, mostWords), state: "open", at: ctx.clock.now() },
    ...{ closed: null, forwarded: null },
  };
  return insertOnce(() => ctx.collection(reportsCollection).insertOne(report));
}

/** A page of the reports that wait, the oldest first. */
export async function listReports(
  ctx: Ctx,
  after: string | null,
  limit: number,
): Promise<Slice<Report>> {
  const later = after === null ? {} : { _id: { $gt: String(unpackCursor(after, 1)[0]) } };
  const found = await ctx
    .collection(reportsCollection)
    .find({ state: "open", ...later }, { sort: { _id: 1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(found, limit, ({ _id }) => packCursor([_id]));
}

/** Close a report, and with it all others about the same thing; closing twice changes nothing. */
export async function closeReport(ctx: Ctx, id: string, note: string): Promise<Report> {
  return handle(ctx, id, "closed", note);
}

/** Have a report of something of elsewhere sent on to its author's server, once. */
export async function forwardReport(ctx: Ctx, id: string, note: string): Promise<Report> {
  const report = await reportById(ctx, id);
  const isElsewhere =
    report?.subject.kind === "comment" &&
    (await commentById(ctx, report.subject.id))?.origin === "elsewhere";
  if (!isElsewhere) throw new Refusal("not-found");
  return handle(ctx, id, "forwarded", note);
}

async function handle(
  ctx: Ctx,
  id: string,
  field: "closed" | "forwarded",
  note: string,
): Promise<Report> {
  const { _id: by } = moderatorOf(ctx);
  const report = await reportById(ctx, id);
  if (report === null) throw new Refusal("not-found");
  if (report[field] !== null) return report;
  const done: Done = { by, at: ctx.clock.now(), note, decisionId: ctx.ids.next() };
  const set = field === "closed" ? { closed: done, state: "closed" as const } : { forwarded: done };
  const after = await ctx.commit(reportHandled, { reportId: id }, () =>
    ctx
      .collection(reportsCollection)
      .findOneAndUpdate({ _id: id, [field]: null }, { $set: set }, { returnDocument: "after" }),
  );
  await settleReport(ctx, id);
  return after ?? report;
}

/** What follows from what was done about a report, however often it is asked for. */
export async function settleReport(ctx: Ctx, reportId: string): Promise<void> {
  const report = await reportById(ctx, reportId);
  if (report === null) return;
  const { subject, closed, forwarded } = report;
  for (const [what, done] of [
    ["report-forwarded", forwarded],
    ["report-closed", closed],
  ] as const) {
    if (done === null || done.decisionId === null) continue;
    const { decisionId: _id, by, at, note } = done;
    await recordDecision(ctx, { _id, what, subject, by, at, why: [report.why], note });
  }
  if (closed !== null) await closeAbout(ctx, subject, closed);
}

/** Close what was reported about something until a decision was taken. */
export async function closeAbout(
  ctx: Ctx,
  subject: Subject,
  { by, at }: Pick<Done, "by" | "at">,
): Promise<void> {
  const closed: Done = { by, at, note: "", decisionId: null };
  await ctx
    .collection(reportsCollection)
    .updateMany(
      { subjectKey: keyOf(subject), state: "open", at: { $lte: at } },
      { $set: { state: "closed", closed } },
    );
}
