import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "../config.js";
import { refuseUnfinishedRestore } from "../drivers/backup/staging.js";
import { createIds, type Clock } from "../drivers/clock.js";
import { createEmbeddedQueue } from "../drivers/queue/embedded.js";
import type { Queue } from "../drivers/queue/queue.js";
import { prefixOf } from "../drivers/queue/redis-names.js";
import type { Store } from "../drivers/store/collection.js";
import { deploymentId } from "../drivers/store/deployment-id.js";
import { nameOfStore, openToWork } from "../drivers/store/open.js";
import { instanceOfJob, loggedOfJob } from "./outbox.js";

/** Where the configuration says that the store is: an address of MongoDB, or a file. */
export function storePlace({ mongodbUrl, dataDir }: Config): string {
  return mongodbUrl ?? join(dataDir, "parvis.db");
}

/**
 * The store that the configuration names; neither half of a copy may be served nor changed.
 * @param what the process is called to whoever wants the store alone
 */
export async function openWholeStore(config: Config, what: string): Promise<Store> {
  refuseUnfinishedRestore(config.dataDir);
  return openToWork(storePlace(config), what);
}

interface QueueParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The queue that the configuration names. In Redis its keys are this deployment's alone. */
export async function openQueue(config: Config, parts: QueueParts): Promise<Queue> {
  const { redisUrl: url } = config;
  const whose = { ...parts, ownerOf: instanceOfJob, loggedOf: loggedOfJob };
  if (url === null) return createEmbeddedQueue({ ...whose, ids: createIds(parts.clock) });
  const { createBullQueue } = await import("../drivers/queue/bullmq.js");
  const place = storePlace(config);
  const deployment = await deploymentId(parts.store, place);
  const signedInAs = { deployment, store: nameOfStore(place) };
  return createBullQueue({ ...whose, url, prefix: prefixOf(deployment), signedInAs });
}
