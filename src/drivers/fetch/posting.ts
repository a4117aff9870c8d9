import type { Agent, Dispatcher } from "undici";
import { headerOf } from "./body.js";
import { FetchRefused } from "./refused.js";
import { parseRetryAfter } from "./retry-after.js";

/** The answer to a POST, whatever its status; redirects are not followed. */
export interface PostAnswer {
  readonly status: number;
  /** Seconds the peer asked us to wait, bounded to a day, or null. */
  readonly retryAfter: number | null;
  /** The start of the answer, for the log of an administrator. */
  readonly text: string;
}

/** How a POST is bounded. */
export interface PostBounds {
  readonly maxReplyBytes: number;
  /** Until the answer is read. */
  readonly totalMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a POST and reads the status and the start of the answer, without the streams and signals that
 * undici's `request` makes for each: deliveries are most of what is sent. Rejects with what the network
 * threw, or FetchRefused `timeout` or `aborted`. What is left of a long answer, or breaks off, is let go.
 */
export function sendPost(
  agent: Agent,
  request: Dispatcher.DispatchOptions,
  { maxReplyBytes, totalMs, signal }: PostBounds,
): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let stopped: FetchRefused | null = null;
    let answer: Omit<PostAnswer, "text"> | null = null;
    const pieces: Buffer[] = [];
    let size = 0;

    function stop(reason: FetchRefused): void {
      stopped ??= reason;
      controller?.abort(reason);
      // One that still waits for its turn hears of it when that comes.
      fail(reason);
    }
    const onAbort = (): void => stop(new FetchRefused("aborted"));
    const timer = setTimeout(() => stop(new FetchRefused("timeout")), totalMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) return onAbort();

    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
    function fail(error: unknown): void {
      settle();
      reject(error as Error);
    }
    function done(text: string): void {
      settle();
      if (answer !== null) resolve({ ...answer, text });
    }

    agent.dispatch(request, {
      onRequestStart(its) {
        controller = its;
        if (stopped !== null) its.abort(stopped);
      },
      onResponseStart(_its, status, headers) {
        if (status < 200) return;
        answer = { status, retryAfter: parseRetryAfter(headerOf(headers, "retry-after")) };
      },
      onResponseData(its, piece) {
        pieces.push(piece);
        size += piece.length;
        if (size < maxReplyBytes) return;
        done(startOf(pieces, maxReplyBytes));
        its.abort(new FetchRefused("too-large"));
      },
      onResponseEnd: () => done(startOf(pieces, maxReplyBytes)),
      onResponseError: (_its, error) => (answer === null || stopped ? fail(error) : done("")),
    });
  });
}

function startOf(pieces: readonly Buffer[], maxBytes: number): string {
  if (pieces.length === 0) return "";
  return Buffer.concat(pieces).subarray(0, maxBytes).toString("utf8");
}
