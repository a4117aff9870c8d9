import { createServer, type RequestListener, type Server } from "node:http";

/** How long a client may take; in milliseconds. */
export interface Patience {
  /** For the headers. */
  readonly headersMs: number;
  /** For the whole request, its body included. */
  readonly requestMs: number;
  /** How often connections are looked at; Node's own half a minute would add to the times above. */
  readonly checkMs: number;
  /** For taking in some of the answer. */
  readonly silentMs: number;
}

const usual: Patience = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2_000,
  silentMs: 60_000,
};

/** A server that no slow client keeps busy: who drips headers, body or reading is sent away. */
export function createWebServer(
  listener?: RequestListener,
  patience: Partial<Patience> = {},
): Server {
  const { headersMs, requestMs, checkMs, silentMs } = { ...usual, ...patience };
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkMs,
  });
  if (listener !== undefined) server.on("request", listener);
  server.setTimeout(silentMs);
  return server;
}
