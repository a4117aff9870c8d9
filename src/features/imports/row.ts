import { z } from "zod";
import type { Decision } from "../responses/response.js";

const text = (max: number) =>
  z
    .string()
    .max(max)
    .transform((value) => value.normalize("NFC").replace(/\s+$/u, ""));

const name = text(200).transform((value) => value.trim().replace(/\s+/gu, " "));
const moment = z.iso.datetime({ offset: true }).transform((value) => new Date(value));

const commentSchema = z.object({
  id: z.number().int().nonnegative(),
  parent: z.number().int().nonnegative().nullable(),
  author: name.pipe(z.string().min(1)),
  /** Simple HTML. */
  body: text(20_000),
  createdAt: moment,
});

/**
 * One proposal with its discussion, as a line of an import file gives it; further fields are left
 * aside. `status` is what the city answered, if it did.
 */
export const rowSchema = z.object({
  code: name.pipe(z.string().min(1).max(100)),
  title: name.pipe(z.string().min(1)).or(text(300).pipe(z.string().min(1))),
  /** Plain text. */
  body: text(20_000),
  category: name.nullish(),
  subcategory: name.nullish(),
  district: name.nullish(),
  status: z.enum(["accepted", "rejected"]).nullish(),
  createdAt: moment,
  /** `city`, or somebody reduced to a number such as `citizen-7229`. */
  author: name.pipe(z.string().min(1)),
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
export function readRow(line: string): { row: ImportRow } | { cause: string } {
  if (line.length > maxLine) return { cause: `longer than ${maxLine} characters` };
  let json: unknown;
  try {
    json = JSON.parse(line);
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
