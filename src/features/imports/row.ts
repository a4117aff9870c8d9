import { z } from "zod";
import { line, lines } from "../../kit/index.js";
import type { Decision } from "../responses/response.js";

const moment = z.iso.datetime({ offset: true }).transform((value) => new Date(value));
const number = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const commentSchema = z.object({
  id: number,
  parent: number.nullable(),
  author: line(1, 200),
  /** Simple HTML. */
  body: lines(0, 20_000),
  createdAt: moment,
});

/**
 * One proposal with its discussion, as a line of an import file gives it; further fields are left
 * aside. `status` is what the city answered, if it did.
 */
export const rowSchema = z.object({
  code: line(1, 100),
  title: line(1, 300),
  /** Plain text. */
  body: lines(0, 20_000),
  category: line(0, 200).nullish(),
  subcategory: line(0, 200).nullish(),
  district: line(0, 200).nullish(),
  status: z.enum(["accepted", "rejected"]).nullish(),
  createdAt: moment,
  /** `city`, or somebody reduced to a number such as `citizen-7229`. */
  author: line(1, 200),
  supports: z.number().int().min(0).max(1_000_000_000),
  comments: z.array(commentSchema).max(5_000),
});

/** A line that was understood. */
export type ImportRow = z.infer<typeof rowSchema>;

/** A comment of such a line. */
export type ImportComment = ImportRow["comments"][number];

/** Longest line that is read, in characters. */
export const maxLine = 8_000_000;

/** Read one line. Returns the row, or what is wrong with it in words. */
export function readRow(written: string): { row: ImportRow } | { cause: string } {
  if (written.length > maxLine) return { cause: `longer than ${maxLine} characters` };
  let json: unknown;
  try {
    json = JSON.parse(written);
  } catch {
    return { cause: "not JSON" };
  }
  const parsed = rowSchema.safeParse(json);
  if (parsed.success) return { row: parsed.data };
  const [issue] = parsed.error.issues;
  return { cause: `${issue?.path.join(".") || "line"}: ${issue?.message ?? "not understood"}` };
}

/** The city's answer in our words; null when it gave none. */
export function decisionOf(row: ImportRow): Decision | null {
  if (row.status == null) return null;
  return row.status === "accepted" ? "accepted" : "declined";
}

/** When the last thing happened to a proposal, as far as the line tells. */
export function lastMoment(row: ImportRow): Date {
  const moments = [row.createdAt, ...row.comments.map(({ createdAt }) => createdAt)];
  return moments.reduce((latest, at) => (at > latest ? at : latest));
}
