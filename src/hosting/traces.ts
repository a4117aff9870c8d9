import type { RequestListener } from "node:http";
import type { AroundFetch } from "../drivers/fetch/around.js";
import type { Media } from "../drivers/media.js";
import type { Store } from "../drivers/store/collection.js";
import { failureKind, type Span, type Traces } from "../drivers/traces.js";
import { watchedMedia } from "./watched-media.js";
import { watchedStore } from "./watched-store.js";
import { observed, type ObservedResponse } from "./web/observed.js";

/** What supervisors ask every few seconds would bury what people do. */
const untraced = /^\/(?:healthz|readyz|metrics|assets\/)/;

/**
 * Every request is a span, named by its method and the pattern of its route: its address may hold a
 * token or a name. What a client says of traces is not believed, nor are its words kept.
 */
export function tracedRequests(listener: RequestListener, traces: Traces): RequestListener {
  return (req, res: ObservedResponse) => {
    if (untraced.test(req.url ?? "")) return listener(req, res);
    const span = traces.begin({ name: "request", kind: "server", parent: null });
    // What comes of the body belongs to the request, too: Node tells of it from elsewhere.
    const emit = req.emit.bind(req);
    req.emit = ((...event: Parameters<typeof emit>) =>
      span.within(() => emit(...event))) as typeof req.emit;
    res.once("close", () => endRequest(span, observed(req, res), res));
    span.within(() => listener(req, res));
  };
}

function endRequest(
  span: Span,
  { method, route, status }: ReturnType<typeof observed>,
  { locals }: ObservedResponse,
): void {
  const facts = {
    ...{ "http.request.method": method, "http.route": route, "http.response.status_code": status },
    ...(locals?.requestId === undefined ? {} : { "parvis.request_id": locals.requestId }),
    ...(locals?.instance === undefined ? {} : { "parvis.instance": locals.instance.host }),
  };
  span.tell(facts, `${method} ${route}`);
  if (status >= 500) span.fail(String(status));
  span.end();
}

/** A store whose calls are spans of the request or job that makes them. */
export function tracedStore(store: Store, traces: Traces, system: string): Store {
  return watchedStore(store, ({ operation, collection }, run) => {
    const facts = {
      ...{ "db.system.name": system, "db.operation.name": operation },
      "db.collection.name": collection,
    };
    return traces.call(`${operation} ${collection}`, facts, run);
  });
}

/** The same for the place of uploaded files. */
export function tracedMedia(media: Media, traces: Traces): Media {
  return watchedMedia(media, (operation, run) =>
    traces.call(`media ${operation}`, { "parvis.media.operation": operation }, run),
  );
}

/**
 * The same for requests to other servers, which are told nothing of it. Nor is the collector told where
 * one goes: the host of a server of one person says who that is.
 */
export function tracedFetch(traces: Traces): AroundFetch {
  return (method, request, statusOf) =>
    traces.call(`fetch ${method}`, { "http.request.method": method }, async () => {
      const answer = await request();
      traces.tell({ "http.response.status_code": statusOf(answer) });
      return answer;
    });
}

/** What is told of a job that runs; of its payload nothing. */
export interface TracedJob {
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly instance: string | null;
  /** Id of the request that it comes of, and its place among spans. */
  readonly request: string | undefined;
  readonly trace: string | undefined;
}

/** Run a job in a span that belongs to the request it comes of, however much later. */
export async function tracedJob(
  traces: Traces | null,
  { name, queue, attempt, instance, request, trace }: TracedJob,
  run: () => Promise<void>,
): Promise<void> {
  if (traces === null) return run();
  const facts = {
    ...{ "parvis.job": name, "parvis.queue": queue, "parvis.attempt": attempt },
    ...(instance === null ? {} : { "parvis.instance": instance }),
    ...(request === undefined ? {} : { "parvis.request_id": request }),
  };
  // A queue may run it in the midst of a request that it has nothing to do with.
  const spec = { name: `job ${name}`, kind: "consumer", facts, parent: trace ?? null } as const;
  const span = traces.begin(spec);
  try {
    await span.within(run);
  } catch (error) {
    span.fail(failureKind(error));
    throw error;
  } finally {
    span.end();
  }
}
