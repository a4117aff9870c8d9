import type { Ctx } from "../../kit/index.js";
import { createAnalyser } from "../../kit/text/search.js";
import { recountTopics } from "../tallies/tallies.js";
import { importBatch, type BatchReport, type BatchTools } from "./batch.js";
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
  readonly errors: readonly LineError[];
}

/** A line that was left out, counted from 1. */
export interface LineError {
  readonly line: number;
  readonly cause: string;
}

/** How an import is asked for. */
export interface ImportOptions {
  /** Name of the file's origin; with a row's code it is what makes a row known again. */
  readonly source: string;
  /** Called after each batch, with what was done so far. */
  readonly onProgress?: (report: ImportReport) => void;
}

const batchSize = 200;
/** Rows may be large: a batch is also full with this many characters. */
const batchCharacters = 8_000_000;
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
    ...{ source, analyse: createAnalyser(), topicOf: createTopicFinder(ctx) },
  };
  let report = nothingYet;
  for await (const batch of batches(lines)) {
    const done = await importBatch(ctx, batch.rows, tools);
    report = sum(report, batch, done);
    onProgress?.(report);
  }
  await recountTopics(ctx);
  return report;
}

const nothingYet: ImportReport = {
  ...{ lines: 0, proposals: 0, comments: 0, responses: 0, supports: 0, known: 0 },
  ...{ refused: 0, errors: [] },
};

interface Batch {
  readonly rows: readonly ImportRow[];
  /** How many lines were read for it, good, bad or empty. */
  readonly lines: number;
  readonly refused: readonly LineError[];
}

async function* batches(lines: AsyncIterable<string>): AsyncGenerator<Batch> {
  let number = 0;
  let rows: ImportRow[] = [];
  let refused: LineError[] = [];
  let [read, characters] = [0, 0];
  for await (const line of lines) {
    number += 1;
    read += 1;
    characters += line.length;
    const found = line.trim() === "" ? null : readRow(line);
    if (found !== null && "row" in found) rows.push(found.row);
    else if (found !== null) refused.push({ line: number, cause: found.cause });
    if (read < batchSize && characters < batchCharacters) continue;
    yield { rows, lines: read, refused };
    [rows, refused, read, characters] = [[], [], 0, 0];
  }
  if (read > 0) yield { rows, lines: read, refused };
}

function sum(before: ImportReport, { lines, refused }: Batch, done: BatchReport): ImportReport {
  return {
    lines: before.lines + lines,
    proposals: before.proposals + done.proposals,
    comments: before.comments + done.comments,
    responses: before.responses + done.responses,
    supports: before.supports + done.supports,
    known: before.known + done.known,
    refused: before.refused + refused.length,
    errors: [...before.errors, ...refused].slice(0, mostErrors),
  };
}
