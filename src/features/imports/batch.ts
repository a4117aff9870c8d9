import { renderMarkdown } from "../../kit/text/markdown.js";
import { escapeHtml } from "../../kit/text/sanitize.js";
import type { createAnalyser } from "../../kit/text/search.js";
import { insertMissing, type Ctx } from "../../kit/index.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalsCollection } from "../proposals/proposals.js";
import { nextNumbers } from "../proposals/publishing.js";
import { warmthOf } from "../proposals/warmth.js";
import type { Response } from "../responses/response.js";
import { responsesCollection } from "../responses/responses.js";
import { importComments, recountComments, type Placed } from "./discussions.js";
import { importId } from "./import-id.js";
import { authorIds, importPeople } from "./people.js";
import { decisionOf, lastMoment, type ImportRow } from "./row.js";
import type { TopicFinder } from "./topic-finder.js";

/** What a batch needs besides its rows. */
export interface BatchTools {
  readonly source: string;
  readonly analyse: ReturnType<typeof createAnalyser>;
  readonly topicOf: TopicFinder;
}

/** What a batch added. */
export interface BatchReport {
  readonly proposals: number;
  readonly comments: number;
  readonly responses: number;
  readonly supports: number;
  readonly known: number;
}

/**
 * Store what is not there yet of these rows: people, proposals, comments, answers, in that order, so
 * that whatever a crash leaves points only at what exists.
 */
export async function importBatch(
  ctx: Ctx,
  rows: readonly ImportRow[],
  tools: BatchTools,
): Promise<BatchReport> {
  if (rows.length === 0) return { proposals: 0, comments: 0, responses: 0, supports: 0, known: 0 };
  await importPeople(ctx, rows, tools.source);
  const known = await knownProposals(ctx, rows, tools.source);
  const distinct = new Map(rows.map((row) => [keyOf(row, tools.source), row]));
  const fresh = [...distinct].flatMap(([key, row]) => (known.has(key) ? [] : [row]));
  const added = await newProposals(ctx, fresh, tools);
  const proposals = await insertMissing(ctx.collection(proposalsCollection), added);
  const place = (row: ImportRow): Placed => ({
    row,
    proposalId: known.get(keyOf(row, tools.source)) ?? proposalIdOf(ctx, row, tools.source),
  });
  const late = await importComments(
    ctx,
    rows.filter((row) => known.has(keyOf(row, tools.source))).map(place),
    tools.source,
  );
  if (late > 0) await recountComments(ctx, [...known.values()]);
  return {
    proposals,
    comments: late + (await importComments(ctx, fresh.map(place), tools.source)),
    responses: await importResponses(ctx, [...distinct.values()].map(place)),
    supports: added.reduce((sum, { counts }) => sum + counts.supportsBefore, 0),
    known: known.size,
  };
}

function keyOf({ code }: ImportRow, source: string): string {
  return `${source}/${code}`;
}

function proposalIdOf(ctx: Ctx, row: ImportRow, source: string): string {
  return importId(ctx, row.createdAt, keyOf(row, source));
}

/** Ids of the proposals that an earlier run has stored, by import key. */
async function knownProposals(
  ctx: Ctx,
  rows: readonly ImportRow[],
  source: string,
): Promise<Map<string, string>> {
  const keys = rows.map((row) => keyOf(row, source));
  const found = await ctx
    .collection(proposalsCollection)
    .find({ importKey: { $in: keys } })
    .toArray();
  return new Map(found.map(({ importKey, _id }) => [importKey ?? "", _id]));
}

async function newProposals(
  ctx: Ctx,
  rows: readonly ImportRow[],
  tools: BatchTools,
): Promise<Proposal[]> {
  if (rows.length === 0) return [];
  const first = await nextNumbers(ctx, rows.length);
  const topicIds: Array<string | null> = [];
  for (const row of rows) topicIds.push(await tools.topicOf(row));
  return rows.map((row, index) => ({
    ...newProposal(ctx, row, first + index, tools),
    topicId: topicIds[index] ?? null,
  }));
}

function newProposal(
  ctx: Ctx,
  row: ImportRow,
  number: number,
  { source, analyse }: BatchTools,
): Omit<Proposal, "topicId"> {
  const { title, body, createdAt, supports } = row;
  const moments = [createdAt, ...row.comments.map((comment) => comment.createdAt)];
  const comments = new Set(row.comments.map(({ id }) => id)).size;
  return {
    ...{ _id: proposalIdOf(ctx, row, source), importKey: keyOf(row, source) },
    ...{ number, uri: ctx.instance.url(`/proposals/${number}`) },
    ...{ title, body, html: renderMarkdown(body), terms: analyse({ title, body }) },
    place: row.district ? { name: row.district, latitude: null, longitude: null } : null,
    ...{ origin: "here", authorId: authorIds(ctx, source)(row.author), elsewhere: null },
    status: decisionOf(row) ?? "open",
    counts: {
      ...{ supportsHere: 0, supportsElsewhere: 0, supportsBefore: supports, supports },
      comments,
    },
    warmth: warmthOf(moments),
    ...{ publishedAt: createdAt, editedAt: null, movedAt: lastMoment(row), withdrawnAt: null },
    version: 1,
  };
}

async function importResponses(ctx: Ctx, placed: readonly Placed[]): Promise<number> {
  const rows = ctx.collection(responsesCollection);
  const ids = placed.map(({ proposalId }) => proposalId);
  const answers = await rows.find({ proposalId: { $in: ids } }).toArray();
  const answered = new Set(answers.map(({ proposalId }) => proposalId));
  const made = placed.flatMap(({ row, proposalId }) => {
    const response = answered.has(proposalId) ? null : newResponse(ctx, row, proposalId);
    return response === null ? [] : [response];
  });
  return insertMissing(rows, made);
}

function newResponse(ctx: Ctx, row: ImportRow, proposalId: string): Response | null {
  const decision = decisionOf(row);
  if (decision === null) return null;
  const _id = importId(ctx, lastMoment(row), `${proposalId}/response`);
  const body = ctx.inLanguage(ctx.instance.language).t.t(`imports.response.${decision}`);
  return {
    ...{ _id, uri: ctx.instance.url(`/responses/${_id}`), proposalId },
    ...{ office: ctx.instance.name, authorId: null, decision, body },
    html: `<p>${escapeHtml(body)}</p>`,
    milestones: [],
    publishedAt: lastMoment(row),
    editedAt: null,
  };
}
