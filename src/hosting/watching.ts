import type { Logger } from "pino";
import type { Config } from "../config.js";
import type { Clock } from "../drivers/clock.js";
import type { Media } from "../drivers/media.js";
import type { Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import type { Traces } from "../drivers/traces.js";
import { queueNames } from "../kit/work.js";
import type { Metrics } from "./metrics.js";
import { countStored, type StoredJobs } from "./parked-jobs.js";
import { tracedMedia, tracedStore } from "./traces.js";

interface Watched {
  readonly store: Store;
  readonly media: Media;
}

/** What measures costs a little on every request: it is loaded only where somebody may read it. */
export async function metricsFor(
  { metricsToken: token, role }: Config,
  {
    store,
    queue,
    clock,
  }: Pick<Watched, "store"> & { readonly queue: Queue; readonly clock: Clock },
): Promise<Metrics | null> {
  if (token === null) return null;
  const { createMetrics } = await import("./metrics.js");
  const now = (): number => clock.now().getTime();
  const stored = (name: string): Promise<StoredJobs> => countStored(store, name);
  return createMetrics({ token, role, queue, queues: queueNames, stored, now });
}

/** The same for what tells a collector: it takes half a second and 16 MB to load. */
export async function tracesFor(
  { traces: place, role }: Config,
  { log, version }: { readonly log: Logger; readonly version: string },
): Promise<Traces | null> {
  if (place === null) return null;
  const { createOtelTraces } = await import("../drivers/traces/otel.js");
  return createOtelTraces(place, { version, role, log });
}

/** The drivers as features use them: watched by whoever measures or traces. */
export function watchedDrivers(
  { store, media }: Watched,
  { mongodbUrl }: Config,
  { metrics, traces }: { readonly metrics: Metrics | null; readonly traces: Traces | null },
): Watched {
  const measured = {
    store: metrics?.timed(store) ?? store,
    media: metrics?.counted(media) ?? media,
  };
  if (traces === null) return measured;
  return {
    store: tracedStore(measured.store, traces, mongodbUrl === null ? "sqlite" : "mongodb"),
    media: tracedMedia(measured.media, traces),
  };
}
