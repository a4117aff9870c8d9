import type { FetchRefused, FetchRefusedCode } from "../../drivers/fetch.js";

const byCode: Partial<Readonly<Record<FetchRefusedCode, string>>> = {
  ...{ timeout: "timeout", aborted: "timeout", "host-busy": "busy", "bad-port": "private" },
  ...{ "private-address": "private", "bad-url": "address", "bad-scheme": "redirects" },
  ...{ "too-many-redirects": "redirects", "too-large": "size", "bad-type": "type" },
  ...{ "bad-body": "body", "id-mismatch": "identity", "budget-spent": "redirects" },
  unwanted: "blocked",
  "no-room": "no-room",
};

/** Why a request failed, as a word of `self-test.causes`. */
export function causeOf(error: FetchRefused): string {
  if (error.code === "status") return causeOfStatus(error.status ?? 0);
  if (error.code === "unreachable") return networkCause(error.cause);
  return byCode[error.code] ?? "unreachable";
}

/** Why a request that was answered is no success. */
export function causeOfStatus(status: number): string {
  if (status >= 300 && status < 400) return "redirects";
  if (status >= 500) return "down";
  const known: Readonly<Record<number, string>> = {
    ...{ 400: "shape", 401: "signature", 403: "forbidden", 404: "missing", 410: "gone" },
    ...{ 406: "type", 408: "busy", 415: "type", 425: "busy", 429: "busy" },
  };
  return known[status] ?? "status";
}

function networkCause(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : "";
  const text = typeof code === "string" ? code : "";
  if (text === "ENOTFOUND" || text === "EAI_AGAIN" || text === "ENODATA") return "dns";
  if (text === "ECONNREFUSED") return "closed";
  return /CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(text) ? "certificate" : "unreachable";
}
