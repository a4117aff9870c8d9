/** The bounds of every outbound request. Times are in milliseconds, sizes in bytes. */
export interface FetchLimits {
  /** Resolving the name and connecting, TLS included. */
  readonly connectMs: number;
  /** The wait for the headers, and between two pieces of the body. */
  readonly readMs: number;
  /** Everything, redirects and the wait for a place included. */
  readonly totalMs: number;
  /** The body of a GET, before and after decompression. */
  readonly maxBytes: number;
  /** How much of the answer to a POST is kept; the rest is not read. */
  readonly maxReplyBytes: number;
  readonly maxRedirects: number;
  /** Requests under way at once to one host. */
  readonly perHost: number;
  /** Connections to all hosts beyond which none is kept once it was answered. */
  readonly maxKept: number;
  /** Requests that may wait for a place at one host, and how long. */
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** The limits that hold unless a test hands in others. */
export const defaultLimits: FetchLimits = {
  connectMs: 5_000,
  readMs: 10_000,
  totalMs: 30_000,
  maxBytes: 1024 * 1024,
  maxReplyBytes: 4 * 1024,
  maxRedirects: 3,
  perHost: 4,
  maxKept: 256,
  maxWaiting: 32,
  waitMs: 10_000,
};
