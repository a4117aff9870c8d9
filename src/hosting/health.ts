import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isQueueFull, type Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import type { Metrics } from "./metrics.js";

/** How a store or a queue does: one that is full answers, and takes nothing. */
export type Condition = "well" | "full" | "away";

/** What supervisors ask of a process, at the same addresses whatever it does. */
export interface Health {
  /** `/healthz`: the process answers. */
  alive(res: ServerResponse): void;
  look(): Promise<Readonly<Record<"store" | "queue", Condition>>>;
  /** `/readyz`: it can do its work now, or 503 with what is not well. */
  ready(res: ServerResponse): Promise<void>;
}

interface HealthParts {
  readonly store: Store;
  readonly queue: Queue;
  /** Whether nothing can be done without the queue: pages are served without it. */
  readonly needsQueue: boolean;
}

const patienceMs = 3_000;

/** What is said of a process that is ready, whatever its queue does. */
const readiness = {
  well: "ready",
  full: "ready; the queue is full",
  away: "ready; the queue does not answer",
} as const satisfies Record<Condition, string>;

/** Asks the store, and where it is needed the queue, each for three seconds at most. */
export function createHealth({ store, queue, needsQueue }: HealthParts): Health {
  const look: Health["look"] = async () => {
    const [stored, queued] = await Promise.all([
      conditionOf(() => store.collection("instances").findOne({})),
      conditionOf(() => queue.check()),
    ]);
    return { store: stored, queue: queued };
  };
  return {
    look,
    alive: (res) => say(res, 200, "ok"),
    async ready(res) {
      const seen = await look();
      const needed = needsQueue ? (["store", "queue"] as const) : (["store"] as const);
      const missing = needed.filter((what) => seen[what] !== "well");
      const named = missing.map((what) => (seen[what] === "full" ? `${what} (full)` : what));
      if (named.length > 0) return say(res, 503, `not ready: ${named.join(", ")}`);
      return say(res, 200, readiness[seen.queue]);
    },
  };
}

/** The addresses of a process that serves no pages. */
export function healthOnly(health: Health, metrics: Metrics | null = null): RequestListener {
  return (req, res) => {
    const [pathname] = (req.url ?? "/").split("?");
    if (req.method !== "GET" && req.method !== "HEAD") return say(res, 405, "not allowed");
    if (pathname === "/healthz") return health.alive(res);
    if (pathname === "/readyz") return void health.ready(res);
    if (pathname === "/metrics") return void serveMetrics(metrics, req, res);
    return say(res, 404, "this process serves no pages");
  };
}

/** `/metrics`: 404 where nobody may read them. */
export async function serveMetrics(
  metrics: Metrics | null,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (metrics === null) return say(res, 404, "not found");
  await metrics.serve(req, res);
}

function say(res: ServerResponse, status: number, text: string): void {
  if (status === 503) res.setHeader("Retry-After", "5");
  res.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
  });
  res.end(`${text}\n`);
}

async function conditionOf(ask: () => Promise<unknown>): Promise<Condition> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Condition>((resolve) => {
    timer = setTimeout(() => resolve("away"), patienceMs);
  });
  const asked = ask().then(
    () => "well" as const,
    (error: unknown) => (isQueueFull(error) ? "full" : "away"),
  );
  const condition = await Promise.race([asked, late]);
  clearTimeout(timer);
  return condition;
}
