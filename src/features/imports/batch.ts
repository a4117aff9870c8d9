import { renderMarkdown } from "../../kit/text/markdown.js";
import { cleanRemoteHtml, escapeHtml, htmlToText } from "../../kit/text/sanitize.js";
import type { createAnalyser } from "../../kit/text/search.js";
import { isDuplicate, type Collection, type Ctx, type Row } from "../../kit/index.js";
import type { Comment } from "../comments/comment.js";
import { commentsCollection } from "../comments/comments.js";
import { peopleCollection } from "../people/people.js";
import type { Person } from "../people/person.js";
import type { Proposal } from "../proposals/proposal.js";
import { proposalsCollection } from "../proposals/proposals.js";
import { nextNumbers } from "../proposals/publishing.js";
import { warmthOf } from "../proposals/warmth.js";
import type { Response } from "../responses/response.js";
import { responsesCollection } from "../responses/responses.js";
import { decisionOf, lastMoment, type ImportComment, type ImportRow } from "./row.js";
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

/** Store what is not there yet of these rows: people, proposals, comments, answers, in that order. */
export async function importBatch(
  ctx: Ctx,
  rows: readonly ImportRow[],
  tools: BatchTools,
): Promise<BatchReport> {
  if (rows.length === 0) return { proposals: 0, comments: 0, responses: 0, supports: 0, known: 0 };
  const people = await importPeople(ctx, rows);
  const keyOf = (row: ImportRow): string => `${tools.source}/${row.code}`;
  const known = await idsByImportKey(ctx.collection(proposalsCollection), rows.map(keyOf));
  const fresh = [...new Map(rows.map((row) => [keyOf(row), row])).values()].filter(
    (row) => !known.has(keyOf(row)),
  );
  const added = await newProposals(ctx, fresh, people, tools);
  await insertMissing(ctx.collection(proposalsCollection), added);
  const ids = new Map([...known, ...added.map(({ importKey, _id }) => [importKey, _id] as const)]);
  const placed = rows.flatMap((row) => {
    const proposalId = ids.get(keyOf(row));
    return proposalId === undefined ? [] : [{ row, proposalId }];
  });
  return {
    proposals: added.length,
    comments: await importComments(ctx, placed, people, tools.source),
    responses: await importResponses(ctx, placed),
    supports: added.reduce((sum, { counts }) => sum + counts.supportsBefore, 0),
    known: known.size,
  };
}

interface Placed {
  readonly row: ImportRow;
  readonly proposalId: string;
}

/** Authors become people without an account, under the number they were reduced to. */
async function importPeople(ctx: Ctx, rows: readonly ImportRow[]): Promise<Map<string, string>> {
  const authors = new Set(
    rows.flatMap((row) => [row.author, ...row.comments.map(({ author }) => author)]),
  );
  const handles = new Map([...authors].map((author) => [handleOf(author), author]));
  const people = ctx.collection(peopleCollection);
  const found = () => people.find({ handle: { $in: [...handles.keys()] } }).toArray();
  const there = new Set((await found()).map(({ handle }) => handle));
  const missing = [...handles].filter(([handle]) => !there.has(handle));
  await insertMissing(
    people,
    missing.map(([handle, author]) => importedPerson(ctx, handle, author)),
  );
  return new Map((await found()).map(({ handle, _id }) => [handle, _id]));
}

/** The underscore keeps these handles apart from the random ones that members get. */
function handleOf(author: string): string {
  const plain = author.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  return `i_${plain}`.slice(0, 30);
}

function importedPerson(ctx: Ctx, handle: string, author: string): Person {
  const { t } = ctx.inLanguage(ctx.instance.language).t;
  const number = /(\d+)$/.exec(author)?.[1] ?? author;
  const name = author === "city" ? ctx.instance.name : t("imports.participant", { number });
  return {
    ...{ _id: ctx.ids.next(), name, handle, uri: null, host: null, about: "" },
    origin: "here",
    url: `/people/${handle}`,
    federated: false,
    createdAt: ctx.clock.now(),
    erasedAt: null,
  };
}

async function newProposals(
  ctx: Ctx,
  rows: readonly ImportRow[],
  people: ReadonlyMap<string, string>,
  tools: BatchTools,
): Promise<Array<Proposal & { readonly importKey: string }>> {
  if (rows.length === 0) return [];
  const first = await nextNumbers(ctx, rows.length);
  const topicIds: Array<string | null> = [];
  for (const row of rows) topicIds.push(await tools.topicOf(row));
  return rows.map((row, index) => {
    const number = first + index;
    const { title, body, createdAt, supports } = row;
    const moments = [createdAt, ...row.comments.map((comment) => comment.createdAt)];
    return {
      ...{ _id: ctx.ids.next(), number, uri: ctx.instance.url(`/proposals/${number}`) },
      ...{ title, body, html: renderMarkdown(body), terms: tools.analyse({ title, body }) },
      topicId: topicIds[index] ?? null,
      place: row.district ? { name: row.district, latitude: null, longitude: null } : null,
      origin: "here",
      authorId: people.get(handleOf(row.author)) ?? null,
      elsewhere: null,
      status: decisionOf(row) ?? "open",
      counts: {
        ...{ supportsHere: 0, supportsElsewhere: 0, supportsBefore: supports, supports },
        comments: row.comments.length,
      },
      warmth: warmthOf(moments),
      ...{ publishedAt: createdAt, editedAt: null, movedAt: lastMoment(row), withdrawnAt: null },
      version: 1,
      importKey: `${tools.source}/${row.code}`,
    };
  });
}

async function importComments(
  ctx: Ctx,
  placed: readonly Placed[],
  people: ReadonlyMap<string, string>,
  source: string,
): Promise<number> {
  const rows = ctx.collection(commentsCollection);
  const keyOf = (id: number): string => `${source}/comment-${id}`;
  const keys = placed.flatMap(({ row }) => row.comments.map(({ id }) => keyOf(id)));
  const known = await idsByImportKey(rows, keys);
  const made = new Map<number, Comment>();
  for (const { row, proposalId } of placed) {
    for (const comment of inOrder(row.comments)) {
      if (known.has(keyOf(comment.id)) || made.has(comment.id)) continue;
      const parent = comment.parent === null ? undefined : made.get(comment.parent);
      made.set(comment.id, {
        ...newComment(ctx, comment, proposalId, parent),
        authorId: people.get(handleOf(comment.author)) ?? "",
        importKey: keyOf(comment.id),
      });
    }
  }
  // A run that was cut between a comment and its answers leaves the answers as first comments.
  await insertMissing(rows, [...made.values()]);
  return made.size;
}

/** Answers come after what they answer, also where dates disagree. */
function inOrder(comments: readonly ImportComment[]): ImportComment[] {
  return comments.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || a.id - b.id);
}

function newComment(
  ctx: Ctx,
  comment: ImportComment,
  proposalId: string,
  parent: Comment | undefined,
): Omit<Comment, "authorId" | "importKey"> {
  const _id = ctx.ids.next();
  const html = cleanRemoteHtml(comment.body);
  return {
    ...{ _id, uri: ctx.instance.url(`/comments/${_id}`), proposalId },
    parentId: parent?._id ?? null,
    rootId: parent?.rootId ?? _id,
    depth: parent === undefined ? 0 : parent.depth + 1,
    ...{ body: htmlToText(html), html, origin: "here", state: "shown" },
    ...{ publishedAt: comment.createdAt, editedAt: null },
  };
}

async function importResponses(ctx: Ctx, placed: readonly Placed[]): Promise<number> {
  const rows = ctx.collection(responsesCollection);
  const ids = placed.map(({ proposalId }) => proposalId);
  const answered = new Set(
    (await rows.find({ proposalId: { $in: ids } }).toArray()).map(({ proposalId }) => proposalId),
  );
  const made = placed.flatMap(({ row, proposalId }) => {
    const response = answered.has(proposalId) ? null : newResponse(ctx, row, proposalId);
    return response === null ? [] : [response];
  });
  await insertMissing(rows, made);
  return made.length;
}

function newResponse(ctx: Ctx, row: ImportRow, proposalId: string): Response | null {
  const decision = decisionOf(row);
  if (decision === null) return null;
  const _id = ctx.ids.next();
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

async function idsByImportKey<T extends Row & { readonly importKey: string | null }>(
  rows: Collection<T>,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (let start = 0; start < keys.length; start += 500) {
    const some = keys.slice(start, start + 500);
    const filter = { importKey: { $in: some } } as Parameters<typeof rows.find>[0];
    for await (const { importKey, _id } of rows.find(filter)) {
      if (importKey !== null) ids.set(importKey as string, _id as string);
    }
  }
  return ids;
}

/** Insert what no earlier or parallel run has inserted. */
async function insertMissing<T extends Row>(
  rows: Collection<T>,
  docs: readonly T[],
): Promise<void> {
  if (docs.length === 0) return;
  try {
    await rows.insertMany(docs as Parameters<typeof rows.insertMany>[0], { ordered: false });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}
