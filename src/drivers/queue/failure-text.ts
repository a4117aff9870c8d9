const MAX_LENGTH = 500;

/**
 * What is kept and logged of a job's error: its message alone, at most 500 characters, without
 * what an address may hide (user, password, query), bearer tokens, line breaks, or the value of a key
 * that MongoDB says is taken.
 */
export function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message
    .slice(0, MAX_LENGTH * 4)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1")
    .replace(/(:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/g, "$1?…")
    .replace(/\bdup key: .*/gs, "dup key: …")
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 …")
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ")
    .slice(0, MAX_LENGTH);
}

/**
 * A job's reason without what may name a person: mail addresses and accounts are left out, and of web
 * addresses only the server stays.
 */
export function shownReason(error: string): string {
  return error
    .replace(/\b(https?:\/\/[^\s/"'<>?#]+)[^\s"'<>]*/gi, "$1/…")
    .replace(/@?[^\s@<>"'(),;:/]+@[^\s@<>"'(),;:/]+/g, "…");
}
