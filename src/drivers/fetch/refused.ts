/** Why an outbound request was not made, or its answer not taken. The codes are stable. */
export type FetchRefusedCode =
  | "bad-url"
  | "bad-scheme"
  | "bad-port"
  | "private-address"
  | "too-many-redirects"
  | "too-large"
  | "bad-type"
  | "bad-body"
  | "id-mismatch"
  | "status"
  | "timeout"
  | "unreachable"
  | "budget-spent"
  | "host-busy"
  | "no-room"
  | "unwanted"
  | "aborted";

/** What else is known of a refusal. */
export interface FetchRefusedDetail {
  readonly url?: string;
  /** The HTTP status, with the code `status`. */
  readonly status?: number;
  /** Seconds the peer asked us to wait, bounded to a day. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

const passingStatuses = new Set([408, 425, 429]);
const passingCodes = new Set<FetchRefusedCode>([
  ...(["timeout", "unreachable", "host-busy", "no-room", "aborted"] as const),
]);

/** An expected failure of an outbound request; callers decide by `code`, never by the message. */
export class FetchRefused extends Error {
  readonly code: FetchRefusedCode;
  readonly url: string | null;
  readonly status: number | null;
  readonly retryAfter: number | null;

  constructor(code: FetchRefusedCode, detail: FetchRefusedDetail = {}) {
    super(`fetch refused: ${code}${detail.status === undefined ? "" : ` ${detail.status}`}`, {
      cause: detail.cause,
    });
    this.name = "FetchRefused";
    this.code = code;
    this.url = detail.url ?? null;
    this.status = detail.status ?? null;
    this.retryAfter = detail.retryAfter ?? null;
  }

  /** Whether the same request may succeed later: a fault of the network or of a busy peer. */
  get isPassing(): boolean {
    if (this.code !== "status") return passingCodes.has(this.code);
    return this.status !== null && (this.status >= 500 || passingStatuses.has(this.status));
  }

  /** Whether the peer said that the document is gone for good (410). */
  get isGone(): boolean {
    return this.code === "status" && this.status === 410;
  }
}
