import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Queue } from "../drivers/queue/queue.js";
import type { Media } from "../drivers/media.js";
import type { Store } from "../drivers/store/collection.js";
import { mostStoredCounted, type StoredJobs } from "./parked-jobs.js";
import { watchedMedia, type AroundMedia } from "./watched-media.js";
import { watchedStore, type AroundStore } from "./watched-store.js";
import { observed, type ObservedResponse } from "./web/observed.js";
import type { JobEnding } from "./job-endings.js";

/** What a process tells Prometheus about itself. */
export interface Metrics {
  /** Counts and times every request, by the pattern of its route: addresses are never labels. */
  watched(listener: RequestListener): RequestListener;
  /** The same store, each call timed. */
  timed(store: Store): Store;
  /** The same place of files, each call counted and timed by how it ended. */
  counted(media: Media): Media;
  /** A job was run. */
  readonly ended: (ending: JobEnding) => void;
  /** A delivery was tried. */
  readonly delivered: (outcome: DeliveryOutcome) => void;
  /** Answers whoever knows the token; 401 to everybody else. */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** What can become of a try to deliver an activity to another server. */
const deliveryOutcomes = ["sent", "refused", "failed", "skipped"] as const;

/**
 * What became of one: the other server took it; refused it for good, or may never be reached by this one; did
 * not take it now; or nothing was sent, since that server is unavailable or unwanted, or what was to be said
 * makes no sense any more.
 */
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

interface MetricsParts {
  /** The bearer token (RFC 6750, section 2.1) that a scraper sends. */
  readonly token: string;
  readonly role: string;
  readonly queue: Queue;
  readonly queues: readonly string[];
  /** How many jobs of a queue lie in the store for later. */
  readonly stored: (queue: string) => Promise<StoredJobs>;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const storeBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10];
const jobBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300];

/**
 * The metrics of a process. Labels come from closed sets (route patterns, methods, statuses, names of
 * jobs, queues and operations), so that no visitor can make a series; queues are asked at each scrape.
 */
export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ role: parts.role });
  collectDefaultMetrics({ register: registry, prefix: "parvis_" });
  const aroundStore = storeMetrics(registry);
  const aroundMedia = mediaMetrics(registry);
  queueMetrics(registry, parts);
  memoryMetrics(registry, parts.queue);
  const expected = digest(`Bearer ${parts.token}`);
  return {
    watched: requestMetrics(registry),
    timed: (store) => watchedStore(store, aroundStore),
    counted: (media) => watchedMedia(media, aroundMedia),
    ended: jobMetrics(registry),
    delivered: deliveryMetrics(registry),
    async serve(req, res) {
      if (!timingSafeEqual(digest(req.headers.authorization ?? ""), expected)) {
        res.writeHead(401, { "www-authenticate": "Bearer", "cache-control": "no-store" });
        return void res.end();
      }
      const text = await registry.metrics();
      res.writeHead(200, { "content-type": registry.contentType, "cache-control": "no-store" });
      res.end(text);
    },
  };
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function requestMetrics(registry: Registry): Metrics["watched"] {
  const seconds = new Histogram({
    name: "parvis_request_duration_seconds",
    help: "How long requests took to be answered, by route pattern and status.",
    labelNames: ["method", "route", "status"],
    buckets: requestBuckets,
    registers: [registry],
  });
  return (listener) => (req, res: ObservedResponse) => {
    const began = performance.now();
    res.once("close", () => {
      seconds.observe({ ...observed(req, res) }, (performance.now() - began) / 1_000);
    });
    listener(req, res);
  };
}

function storeMetrics(registry: Registry): AroundStore {
  const seconds = new Histogram({
    name: "parvis_store_duration_seconds",
    help: "How long the store took, by operation; a cursor that is read row by row is not timed.",
    labelNames: ["operation"],
    buckets: storeBuckets,
    registers: [registry],
  });
  return async ({ operation }, run) => {
    const began = performance.now();
    try {
      return await run();
    } finally {
      seconds.observe({ operation }, (performance.now() - began) / 1_000);
    }
  };
}

/** "missing": there is no such picture. */
function mediaMetrics(registry: Registry): AroundMedia {
  const seconds = new Histogram({
    name: "parvis_media_duration_seconds",
    help: "How long keeping, reading and removing pictures took, by operation and outcome.",
    labelNames: ["operation", "outcome"],
    buckets: requestBuckets,
    registers: [registry],
  });
  return async (operation, run) => {
    const began = performance.now();
    let outcome = "failed";
    try {
      const result = await run();
      outcome = result === null ? "missing" : "done";
      return result;
    } finally {
      seconds.observe({ operation, outcome }, (performance.now() - began) / 1_000);
    }
  };
}

function jobMetrics(registry: Registry): (ending: JobEnding) => void {
  const labelNames = ["queue", "job", "outcome"] as const;
  const jobs = new Counter({
    name: "parvis_jobs_total",
    help: "Jobs run, by how they ended; what became of deliveries is in parvis_deliveries_total.",
    ...{ labelNames, registers: [registry] },
  });
  const seconds = new Histogram({
    name: "parvis_job_duration_seconds",
    help: "How long jobs ran, by queue.",
    ...{ labelNames: ["queue"], buckets: jobBuckets, registers: [registry] },
  });
  return ({ queue, job, outcome, ms }) => {
    jobs.inc({ queue, job, outcome });
    seconds.observe({ queue }, ms / 1_000);
  };
}

/** Each from 0 on, so that the first failure shows as a rise. No label names the server: one may be a person's. */
function deliveryMetrics(registry: Registry): Metrics["delivered"] {
  const deliveries = new Counter({
    name: "parvis_deliveries_total",
    help: "Tries to deliver an activity to another server, by what became of them.",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const outcome of deliveryOutcomes) deliveries.inc({ outcome }, 0);
  return (outcome) => deliveries.inc({ outcome });
}

/** What a queue that does not answer leaves out: a scrape is never held up by it, nor fails. */
function queueMetrics(registry: Registry, { queue, queues, stored, now }: MetricsParts): void {
  const age: Gauge<"queue"> = new Gauge({
    name: "parvis_queue_oldest_seconds",
    help: "Since when the job that is due for longest has been due; 0 when none is.",
    ...{ labelNames: ["queue"], registers: [registry] },
    // By itself: what another gauge sets while it is asked is told at the next scrape alone.
    async collect() {
      age.reset();
      const asked = queues.map(async (name) => {
        const oldest = await queue.oldestDue(name);
        const seconds = oldest === null ? 0 : (now() - oldest.getTime()) / 1_000;
        age.set({ queue: name }, Math.max(0, seconds));
      });
      await Promise.allSettled(asked);
    },
  });
  const depth: Gauge<"queue" | "state"> = new Gauge({
    name: "parvis_queue_jobs",
    help: `Jobs of each queue, by state; parked for closed instances, and kept until Redis takes them, up to ${mostStoredCounted + 1}.`,
    labelNames: ["queue", "state"],
    registers: [registry],
    async collect() {
      depth.reset();
      const set = async (name: string, counted: Promise<object>): Promise<void> => {
        for (const [state, count] of Object.entries(await counted)) {
          depth.set({ queue: name, state }, count as number);
        }
      };
      await Promise.allSettled(
        queues.flatMap((name) => [set(name, stored(name)), set(name, queue.counts(name))]),
      );
    },
  });
}

/** Of the Redis that holds the jobs; nothing where there is none, or it does not answer. */
function memoryMetrics(registry: Registry, queue: Queue): void {
  const bytes: Gauge<"state"> = new Gauge({
    name: "parvis_queue_memory_bytes",
    help: "Memory that Redis uses, and its maxmemory, at which no job is taken or begun.",
    labelNames: ["state"],
    registers: [registry],
    async collect() {
      bytes.reset();
      const memory = await queue.memory().catch(() => null);
      if (memory === null) return;
      bytes.set({ state: "used" }, memory.used);
      if (memory.most !== null) bytes.set({ state: "max" }, memory.most);
    },
  });
}
