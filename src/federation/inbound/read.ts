import { z } from "zod";
import { cutText, htmlToText } from "../../kit/text/sanitize.js";
import { hostOf } from "../addresses.js";
import { mostAnswerers } from "../answerers.js";
import type { Normal } from "../port.js";
import { publicSpellings } from "../vocabulary.js";

/** The first value of a property in the normal form. */
export function first(document: Normal, term: string): unknown {
  const values = document[term];
  return Array.isArray(values) ? values[0] : undefined;
}

/** All values of a property, at most `max`. */
export function all(document: Normal, term: string, max = 100): readonly unknown[] {
  const values = document[term];
  return Array.isArray(values) ? values.slice(0, max) : [];
}

/** The id of a value: itself, or that of the object; null when it is no http(s) address. */
export function idOf(value: unknown): string | null {
  const id = isNormal(value) ? value.id : value;
  return typeof id === "string" && hostOf(id) !== null ? id : null;
}

/** Whether a value is an object in the normal form. */
export function isNormal(value: unknown): value is Normal {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Everybody a document is addressed to. */
export function recipients(document: Normal): string[] {
  return ["to", "cc", "audience"]
    .flatMap((term) => all(document, term))
    .filter((one) => typeof one === "string");
}

/** Whether a document says that everybody may read it. */
export function isPublic(document: Normal): boolean {
  return recipients(document).some((one) => publicSpellings.has(one));
}

/** How many people a note calls by name. */
export function mentionsIn(note: Normal): number {
  return all(note, "tag", 1_000).filter((tag) => isNormal(tag) && tag.type === "Mention").length;
}

/** A moment that is told, or now when it is missing, ill-formed or in the future. */
export function moment(value: unknown, now: Date): Date {
  if (typeof value !== "string" || value.length > 40) return now;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) || at > now || at.getTime() < 0 ? now : at;
}

/** When a Note says that it was last changed, never later than now; null where it does not say. */
export function updatedAt(note: Normal, now: Date): Date | null {
  const told = first(note, "updated");
  const isMoment = typeof told === "string" && !Number.isNaN(new Date(told.slice(0, 40)).getTime());
  return isMoment ? moment(told, now) : null;
}

/** The words of a Note: its `content`, or the first of its `contentMap`. */
export function wordsOf(note: Normal): { readonly html: string; readonly text: string } {
  const map = note["contentMap"];
  const mapped = isNormal(map) ? Object.values(map)[0] : undefined;
  const content = first(note, "content") ?? mapped;
  const html = typeof content === "string" ? cutText(content, 100_000) : "";
  return { html, text: cutText(htmlToText(html), 20_000) };
}

const short = z.string().max(500);
const status = z.enum([
  "open",
  "under-study",
  "accepted",
  "planned",
  "declined",
  "not-ours",
  "done",
  "withdrawn",
]);
const figure = z.number().int().min(0).max(1_000_000_000).catch(0);

/** What another instance of this software tells of a proposal, in its extension. */
export const civicProposal = z.object({
  kind: z.literal("proposal"),
  number: z.number().int().min(1).max(9_999_999_999),
  title: z.string().min(1).max(300),
  text: z.string().max(100_000),
  status,
  author: short,
  instance: short,
  of: z.enum(["city", "association"]),
  answeredBy: z.array(z.string().max(2048)).max(mostAnswerers),
  answerers: z.string().max(1_024).nullable().catch(null),
  supports: figure,
  comments: figure,
});

const when = z
  .string()
  .max(40)
  .nullable()
  .catch(null)
  .transform((value) => {
    const at = value === null ? null : new Date(value);
    return at === null || Number.isNaN(at.getTime()) ? null : at;
  });

/** What another instance tells of an official response. */
export const civicResponse = z.object({
  kind: z.literal("response"),
  office: short,
  decision: z.enum(["accepted", "planned", "under-study", "declined", "not-ours"]),
  text: z.string().max(100_000),
  milestones: z
    .array(
      z.object({
        id: z.string().min(1).max(100),
        title: z.string().max(500),
        due: z.string().max(10).nullable().catch(null),
        doneAt: when,
      }),
    )
    .max(50)
    .catch([]),
});
