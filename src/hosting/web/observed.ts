import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestState } from "./state.js";

/** An answer that Express has given its `locals`, or has not seen. */
export type ObservedResponse = ServerResponse & { readonly locals?: Partial<RequestState> };

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS"]);

/** What is told of an answered request: all of closed sets, so that no address ever shows. */
export function observed(
  req: IncomingMessage,
  res: ObservedResponse,
): { readonly method: string; readonly route: string; readonly status: number } {
  return {
    method: methods.has(req.method ?? "") ? String(req.method) : "OTHER",
    // What is answered without Express, which gives every answer its `locals`, is an inbox's.
    route: res.locals === undefined ? "(inbox)" : (res.locals.route ?? "(none)"),
    status: res.writableFinished ? res.statusCode : 499,
  };
}
