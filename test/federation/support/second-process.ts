import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { createIds } from "../../../src/drivers/clock.js";
import { createFederation } from "../../../src/federation/federation.feature.js";
import { createInstances } from "../../../src/hosting/instances.js";
import { pooledPair } from "./pairs.js";
import type { SignedPost } from "./peer.js";
import { stop, webOf, type Town } from "./town.js";

/** Another web process of a town's deployment: the same store, and nothing in memory that is shared. */
export interface SecondProcess {
  /** Have it take what a peer would post to the town, as a balancer hands it on; tells the status. */
  take(post: SignedPost): Promise<number>;
}

const open = new Set<() => Promise<void>>();

/** Start it. Its jobs are the town's to work off. Close it with `afterEach(closeProcesses)`. */
export async function aSecondProcess(town: Town): Promise<SecondProcess> {
  const { contexts, clock, store, origin } = town;
  const log = pino({ level: "silent" });
  const federation = createFederation({
    ...{ contexts, clock, log, version: "0.1.0", allowPrivate: true, makePair: pooledPair },
    timing: { gatherMs: 0 },
  });
  const instances = createInstances(store, { clock, ids: createIds(clock) });
  const server = createServer(webOf({ instances, federation, log }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  open.add(async () => {
    await federation.close();
    await stop(server);
  });
  return {
    take: ({ url, headers, body }) =>
      new Promise((resolve, reject) => {
        const { pathname } = new URL(url);
        const host = new URL(origin).host;
        const sent = request(
          {
            ...{ port, host: "127.0.0.1", path: pathname, method: "POST" },
            headers: { ...headers, host },
          },
          (res) => {
            res.resume();
            res.on("end", () => resolve(res.statusCode ?? 0));
          },
        );
        sent.on("error", reject);
        sent.end(body);
      }),
  };
}

/** End every second process of the test that just ended. */
export async function closeProcesses(): Promise<void> {
  for (const close of open) await close();
  open.clear();
}
