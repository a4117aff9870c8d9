import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createFetcher, FetchRefused, type Fetcher } from "../../src/drivers/fetch.js";
import type { FetcherOptions } from "../../src/drivers/fetch.js";

/** A server on loopback, its address, and the way to end it. */
export interface Peer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Start `listener` on a free port of loopback. */
export async function aPeer(listener: RequestListener): Promise<Peer> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A fetcher that may talk to loopback, with the limits of a test. */
export function aFetcher(options: Partial<FetcherOptions> = {}): Fetcher {
  return createFetcher({
    version: "0.1.0",
    instanceUrl: "https://ville.example/",
    allowPrivate: true,
    ...options,
  });
}

/** Expect `work` to be refused, and return the refusal. */
export async function expectRefused(work: Promise<unknown>, code: string): Promise<FetchRefused> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const error = "error" in outcome ? outcome.error : undefined;
  if (!(error instanceof FetchRefused)) {
    throw new Error(`expected the refusal ${code}, got ${JSON.stringify(outcome)}`, {
      cause: error,
    });
  }
  expect(error.code).to.equal(code);
  return error;
}

/** Answer with an activity document. */
export const activityType = { "content-type": "application/activity+json" };
