import { createHash } from "node:crypto";
import { firstIdAt } from "../../drivers/clock.js";
import type { Ctx } from "../../kit/index.js";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Crockford's base 32 of the first `length` five-bit pieces of a SHA-256. */
function digest(text: string, length: number): string {
  const bytes = createHash("sha256").update(text).digest();
  return Array.from(bytes.subarray(0, length), (byte) => alphabet[byte & 31]).join("");
}

/**
 * The id of something imported: sorts by the time it was made, as a ULID does, and is the same in
 * every run. So a run that was cut, or two at a time, end as one whole run would have.
 */
export function importId(ctx: Ctx, at: Date, key: string): string {
  const time = firstIdAt(at);
  return time + digest(`${ctx.instance._id}/${key}`, 16);
}

/**
 * The handle of an imported author, `[a-z0-9_]{1,30}`. The underscore keeps it apart from the random
 * ones that members get; its end tells authors of different files apart.
 */
export function importHandle(source: string, author: string): string {
  const plain = author
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, 20);
  return `i_${plain}_${digest(`${source}/${author}`, 7)}`;
}
