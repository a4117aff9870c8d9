import type { Ctx } from "../../kit/index.js";
import { cutText } from "../../kit/text/sanitize.js";
import { canonicalHost } from "./hosts.js";
import { allBlocks, blockAll, type NewBlock, type RuleParts } from "./rules.js";
import { blocksCollection, type Severity } from "./records.js";

/** Lines that are read at once; more are refused as a whole. */
export const mostLines = 10_000;

/** Bytes that a list may have: as many lines, each with an address and some words why. */
export const mostListBytes = 2_000_000;

/** Why a line was not taken. */
export interface SkippedLine {
  /** Counted from 1, the head included. */
  readonly line: number;
  readonly why: "host" | "severity" | "columns" | "ourselves";
}

/** What became of a list. */
export interface Imported {
  readonly taken: number;
  readonly skipped: readonly SkippedLine[];
}

/** A list that cannot be read at all. */
export class BadList extends Error {
  override readonly name = "BadList";
  readonly why: "none" | "empty" | "tooLong";

  constructor(why: BadList["why"]) {
    super(why);
    this.why = why;
  }
}

const severities: ReadonlyMap<string, Severity> = new Map([
  ["suspend", "blocked"],
  ["silence", "limited"],
  ["blocked", "blocked"],
  ["limited", "limited"],
]);

/** Every block and limit of a host, as Mastodon exports its own; internal reasons stay inside. */
export async function exportBlocks(ctx: Ctx): Promise<string> {
  const head = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate";
  const lines = [head];
  for await (const { who, severity = "blocked", publicReason = "" } of allBlocks(ctx)) {
    if (who.includes("/")) continue;
    const word = severity === "blocked" ? "suspend" : "silence";
    lines.push([who, word, "false", "false", quoted(publicReason), "false"].join(","));
  }
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Take a list of blocks, as Mastodon and others export them: good lines are taken, bad ones named.
 * What is blocked already is not softened to a limit, and its reasons stay. @throws BadList
 */
export async function importBlocks(parts: RuleParts, ctx: Ctx, text: string): Promise<Imported> {
  const rows = parseCsv(text);
  const head = rows[0]?.map((name) => name.trim().toLowerCase().replace(/^#/, "")) ?? [];
  const [domain, severity] = [head.indexOf("domain"), head.indexOf("severity")];
  if (domain === -1) throw new BadList("empty");
  if (rows.length > mostLines + 1) throw new BadList("tooLong");
  const reason = head.indexOf("public_comment");
  const skipped: SkippedLine[] = [];
  const wishes = new Map<string, NewBlock>();
  for (const [at, row] of rows.slice(1).entries()) {
    if (row.length === 1 && row[0]?.trim() === "") continue;
    if (row.length <= Math.max(domain, severity)) {
      skipped.push({ line: at + 2, why: "columns" });
      continue;
    }
    const wish = wishOf(ctx, row[domain] ?? "", severity === -1 ? "suspend" : row[severity]);
    if (typeof wish === "string") skipped.push({ line: at + 2, why: wish });
    else if (isHarder(wish, wishes.get(wish.who)?.severity ?? null)) {
      wishes.set(wish.who, { ...wish, ...said(row[reason]) });
    }
  }
  const taken = await newAmong(ctx, [...wishes.values()]);
  await blockAll(parts, ctx, taken);
  return { taken: taken.length, skipped };
}

function said(reason: string | undefined): { publicReason?: string } {
  const text = cutText((reason ?? "").trim(), 500);
  return text === "" ? {} : { publicReason: text };
}

function wishOf(ctx: Ctx, domain: string, word: string | undefined): NewBlock | SkippedLine["why"] {
  const who = domain.includes("/") ? null : canonicalHost(domain);
  if (who === null || !who.includes(".") || who.includes("*")) return "host";
  if (who === canonicalHost(ctx.instance.origin)) return "ourselves";
  const severity = severities.get((word ?? "").trim().toLowerCase());
  return severity === undefined ? "severity" : { who, severity };
}

/** Whether a wish goes further than what stands. */
function isHarder({ severity }: NewBlock, held: Severity | null): boolean {
  return held === null || (held === "limited" && severity === "blocked");
}

/** Hosts that are looked up at once. */
const batch = 500;

async function newAmong(ctx: Ctx, wishes: readonly NewBlock[]): Promise<NewBlock[]> {
  const held = new Map<string, Severity>();
  for (let at = 0; at < wishes.length; at += batch) {
    const some = wishes.slice(at, at + batch).map(({ who }) => who);
    const rows = await ctx
      .collection(blocksCollection)
      .find({ who: { $in: some } }, { limit: some.length })
      .toArray();
    for (const { who, severity } of rows) held.set(who, severity ?? "blocked");
  }
  return wishes.filter((wish) => isHarder(wish, held.get(wish.who) ?? null));
}

/** The rows of a text by RFC 4180; a last line that is not ended counts, an open quote ends with it. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"?|([^,\r\n]*))(,|\r?\n|\r|$)/y;
  const whole = text.replace(/^\uFEFF/, "");
  while (cell.lastIndex < whole.length) {
    const match = cell.exec(whole);
    if (match === null) break;
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") {
      if (cell.lastIndex < whole.length) continue;
      row.push("");
    }
    rows.push(row);
    row = [];
    if (rows.length > mostLines + 1) break;
  }
  return rows;
}
