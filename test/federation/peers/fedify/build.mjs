/** Makes objects of Fedify's vocabulary from plain values. */
import * as vocab from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const classes = new Map(Object.entries(vocab));
const addressed = new Set([
  ...["id", "actor", "object", "attribution", "replyTarget", "target", "url"],
  ...["instrument", "quote"],
]);
const lists = new Set(["tos", "ccs", "objects"]);
const moments = new Set(["published", "updated"]);

function valueOf(name, value) {
  if (Array.isArray(value)) return value.map((one) => valueOf(lists.has(name) ? "id" : name, one));
  if (typeof value === "object" && value !== null) return build(value);
  if (addressed.has(name)) return new URL(value);
  if (name === "href") return new URL(value);
  return moments.has(name) ? Temporal.Instant.from(value) : value;
}

/**
 * Make what `{ kind: "Note", content: "…" }` describes.
 * @param {{ kind: string }} described a class of `@fedify/vocab`, and its properties
 */
export function build({ kind, ...fields }) {
  const entries = Object.entries(fields).map(([name, value]) => [name, valueOf(name, value)]);
  const Kind = classes.get(kind);
  return new Kind(Object.fromEntries(entries));
}
