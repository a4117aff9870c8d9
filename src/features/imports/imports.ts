import type { Ctx } from "../../kit/index.js";
import { createAnalyser } from "../../kit/text/search.js";
import { recountTopics } from "../tallies/tallies.js";
import { importBatch, type BatchTools } from "./batch.js";
import { readRow, type ImportRow } from "./row.js";
import { createTopicFinder } from "./topic-finder.js";

/** What an import did; run again on the same file it adds nothing. */
export interface ImportReport {
  readonly lines: number;
  readonly proposals: number;
  readonly comments: number;
  readonly responses: number;
  /** Supports that came as numbers. */
  readonly supports: number;
  /** Proposals that were there from an earlier run. */
  readonly known: number;
  /** Lines left out; the first thousand are named in `errors`. */
  readonly refused: number;
  readonly errors: ReadonlyArray<{ readonly line: number; readonly cause: string }>;
}

/** How an import is asked for. */
export interface ImportOptions {
  /** Name of the file's origin; with a row's code it is what makes a row known again. */
  readonly source: string;
  /** Called after each batch, with what was done so far. */
  readonly onProgress?: (report: ImportReport) => void;
}

const batchSize = 200;
const mostErrors = 1_000;

/**
 * Bring in proposals with their comments, supports and answers, a line of JSON each (see `row.ts`).
 * Good lines are stored, bad ones listed with their cause. It may be stopped at any point and run
 * again: what is there already is left as it is. Nothing is sent to anybody about imported things.
 */
export async function importProposals(
  ctx: Ctx,
  lines: AsyncIterable<string>,
  { source, onProgress }: ImportOptions,
): Promise<ImportReport> {
  const tools: BatchTools = {
    source,
    analyse: createAnalyser(),
    topicOf: createTopicFinder(ctx),
  };
  const errors: Array<{ line: number; cause: string }> = [];
  let report = { lines: 0, proposals: 0, comments: 0, responses: 0, supports: 0, known: 0 };
  let refused = 0;
  let batch: ImportRow[] = [];
  const flush = async (): Promise<void> => {
    const done = await importBatch(ctx, batch, tools);
    batch = [];
    report = {
      lines: report.lines,
      proposals: report.proposals + done.proposals,
      comments: report.comments + done.comments,
      responses: report.responses + done.responses,
      supports: report.supports + done.supports,
      known: report.known + done.known,
    };
    onProgress?.({ ...report, refused, errors });
  };
  for await (const line of lines) {
    report = { ...report, lines: report.lines + 1 };
    if (line.trim() === "") continue;
    const read = readRow(line);
    if ("row" in read) batch.push(read.row);
    else {
      refused += 1;
      if (errors.length < mostErrors) errors.push({ line: report.lines, cause: read.cause });
    }
    if (batch.length >= batchSize) await flush();
  }
  await flush();
  await recountTopics(ctx);
  return { ...report, refused, errors };
}
