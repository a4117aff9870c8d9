import type { Clock } from "../../src/drivers/clock.js";
import { createIds } from "../../src/drivers/clock.js";
import { createEmbeddedQueue, type QueueLog } from "../../src/drivers/queue/embedded.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore, type SqliteOptions } from "../../src/drivers/store/sqlite.js";
import { instanceOfJob, loggedOfJob } from "../../src/hosting/outbox.js";

/** What a deployment of a test is kept in and worked off with. */
export interface Engine {
  /** Empty, unless it is kept; closing it gives it back. */
  readonly store: Store;
  /** Another queue object on the same jobs; `through` is the store that it keeps its own rows in. */
  queue(log: QueueLog, through?: Store): Queue;
}

/** How an engine is opened. */
export interface EngineOptions {
  readonly clock: Clock;
  /** Kept at this path instead of in memory: whoever opens it next, in any process, finds what is there. */
  readonly kept?: string | undefined;
  /** Let queries pass that no index serves. The servers let all pass. */
  readonly scans?: boolean;
}

/**
 * The drivers that this run is about: SQLite and the embedded queue, or, in `npm run test:servers`, a
 * MongoDB-compatible server and BullMQ on Redis.
 */
export const engineName: "embedded" | "servers" =
  process.env["PARVIS_TEST_ENGINE"] === "servers" ? "servers" : "embedded";

/** Opens the drivers of this run; whatever a test founds, it founds on them. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  if (engineName === "embedded") return embedded(options);
  const { servers } = await import("./servers.js");
  return servers(options);
}

/**
 * Called in a `describe` that is about the embedded drivers themselves: in a run on the servers it is
 * left out, and one line says why.
 */
export function embeddedOnly(why: string): void {
  before(function () {
    if (engineName === "embedded") return;
    console.log(
      `skipped: ${this.test?.parent?.title ?? "a suite"} (embedded drivers only: ${why})`,
    );
    this.skip();
  });
}

function embedded({ clock, kept = ":memory:", scans = false }: EngineOptions): Engine {
  const store = openSqliteStore(kept, scans ? stillExpiring(clock) : refusingScans(clock));
  return {
    store,
    queue: (log, through = store) =>
      createEmbeddedQueue({
        ...{ store: through, clock, ids: createIds(clock), log, pollMs: 5, random: () => 0 },
        ownerOf: instanceOfJob,
        loggedOf: loggedOfJob,
      }),
  };
}

function stillExpiring(clock: Clock): SqliteOptions {
  return { ttlIntervalMs: 0, now: () => clock.now() };
}

/** How an embedded store of a test is opened: it fails every query that no index serves. */
export function refusingScans(clock: Clock): SqliteOptions {
  return {
    ...stillExpiring(clock),
    onScan: ({ collection, filter, sort }) => {
      const asked = `${JSON.stringify(filter)} ${JSON.stringify(sort)}`;
      throw new Error(`No index serves ${collection}: ${asked}`);
    },
  };
}
