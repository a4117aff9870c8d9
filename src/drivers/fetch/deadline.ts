import { undici } from "./on-demand.js";
import { FetchRefused, type FetchRefusedCode } from "./refused.js";

const timeoutCodes = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

/** This machine has no file, memory or buffer left for one more connection: no fault of the peer. */
const noRoomCodes = new Set(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"]);

function causes(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [error];
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error, ...inner, ...(error.cause === undefined ? [] : [error.cause])];
}

// Node marks wrong arguments and failures of its crypto with ERR_: bugs of ours, which stay loud.
function isNetworkError(error: unknown): boolean {
  if (error instanceof undici().errors.HTTPParserError) return true;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" && (!code.startsWith("ERR_") || /^ERR_(TLS|SSL)/.test(code));
}

/** Turn what the network threw into a FetchRefused; refusals and bugs pass unchanged. */
function asRefusal(error: unknown, url: string): unknown {
  for (const one of causes(error)) {
    if (one instanceof FetchRefused) {
      return one.url === null ? copyWithUrl(one, url) : one;
    }
  }
  if (!isNetworkError(error)) return error;
  return new FetchRefused(codeOf(error), { url, cause: error });
}

function codeOf(error: unknown): FetchRefusedCode {
  const found = causes(error).map((one) => (one as NodeJS.ErrnoException | null)?.code ?? "");
  if (found.some((code) => noRoomCodes.has(code))) return "no-room";
  return timeoutCodes.has(found[0] ?? "") ? "timeout" : "unreachable";
}

function copyWithUrl(refusal: FetchRefused, url: string): FetchRefused {
  const { status, retryAfter } = refusal;
  return new FetchRefused(refusal.code, {
    url,
    cause: refusal.cause,
    ...(status === null ? {} : { status }),
    ...(retryAfter === null ? {} : { retryAfter }),
  });
}

/**
 * Run `work`; every failure comes out as a FetchRefused: of the code that `stopped` tells when it was
 * we who ended it, or what the work itself refused.
 */
export async function refusalsOf<T>(
  url: string,
  stopped: () => "aborted" | "timeout" | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = stopped();
    throw code === null ? asRefusal(error, url) : new FetchRefused(code, { url, cause: error });
  }
}

/**
 * Run `work` with a signal that fires after `totalMs` or with `outer`. Every failure comes out as a
 * FetchRefused: `timeout`, `aborted` when `outer` fired, or what the work itself refused.
 */
export async function withDeadline<T>(
  url: string,
  totalMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), totalMs);
  const signal = outer ? AbortSignal.any([deadline.signal, outer]) : deadline.signal;
  const stopped = () => {
    if (outer?.aborted) return "aborted";
    return deadline.signal.aborted ? "timeout" : null;
  };
  try {
    return await refusalsOf(url, stopped, () => work(signal));
  } finally {
    clearTimeout(timer);
  }
}
