import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { openLines } from "../cli/lines.js";
import { maxLine, readRow, type ImportRow } from "../features/imports/row.js";

/** How many proposals the demonstration shows, and how many of them for being the most discussed. */
const size = 300;
const mostDiscussed = 50;
const mostSupported = 50;

interface Line {
  readonly text: string;
  readonly row: ImportRow;
}

/**
 * Pick the demonstration's proposals: the most discussed, the most supported, then from each theme and
 * each outcome in turn. The same lines always give the same choice, in the order of time.
 */
export function pickSample(lines: readonly Line[]): Line[] {
  const byDiscussion = sorted(lines, ({ row }) => row.comments.length);
  const bySupport = sorted(lines, ({ row }) => row.supports);
  const chosen = new Set([
    ...byDiscussion.slice(0, mostDiscussed),
    ...bySupport.slice(0, mostSupported),
  ]);
  const shelves = new Map<string, Line[]>();
  for (const line of bySupport) {
    const { subcategory, category, status } = line.row;
    const shelf = `${subcategory ?? category ?? ""}/${status ?? ""}`;
    shelves.set(shelf, [...(shelves.get(shelf) ?? []), line]);
  }
  const inTurn = [...shelves.keys()].sort().map((name) => shelves.get(name) ?? []);
  for (let round = 0; chosen.size < Math.min(size, lines.length); round++) {
    for (const shelf of inTurn) {
      const line = shelf[round];
      if (line !== undefined && chosen.size < size) chosen.add(line);
    }
  }
  const time = ({ row }: Line): number => row.createdAt.getTime();
  return [...chosen].sort((a, b) => time(a) - time(b) || compareCodes(a, b));
}

function sorted(lines: readonly Line[], figure: (line: Line) => number): Line[] {
  return lines.toSorted((a, b) => figure(b) - figure(a) || compareCodes(a, b));
}

function compareCodes(a: Line, b: Line): number {
  return a.row.code < b.row.code ? -1 : a.row.code > b.row.code ? 1 : 0;
}

/**
 * Read an import file, pick the sample, write it gzipped. Run by hand when the choice changes:
 * `npx tsx -e 'import("./src/demo/make-sample.ts").then((m) => m.makeSample(from, to))'`
 */
export async function makeSample(from: string, to: string): Promise<number> {
  const file = await openLines(from);
  const lines: Line[] = [];
  for await (const text of file.lines(maxLine)) {
    const read = readRow(text);
    if ("row" in read) lines.push({ text, row: read.row });
  }
  const picked = pickSample(lines);
  const packed = gzipSync(picked.map(({ text }) => `${text}\n`).join(""), { level: 9 });
  await writeFile(to, packed);
  return picked.length;
}
