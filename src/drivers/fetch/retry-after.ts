const longestWait = 24 * 60 * 60;

/** Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3), between 0 and a day; or null. */
export function parseRetryAfter(header: string | null, now = new Date()): number | null {
  if (header === null || header.length > 64) return null;
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), longestWait);
}
