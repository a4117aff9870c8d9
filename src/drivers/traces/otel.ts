import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as rest } from "node:timers/promises";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
} from "@opentelemetry/api";
import { ExportResultCode, parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import { failureKind, type Span, type SpanSpec, type Traces } from "../traces.js";
import type { TracesPlace } from "./settings.js";

/** What is told of the process. */
export interface Teller {
  readonly version: string;
  readonly role: string;
  readonly log: Logger;
}

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const;

/** A collector that does not answer holds up no end of the process for longer. */
const mostCloseMs = 3_000;

/**
 * Traces by OpenTelemetry, sent in batches on the side. Nothing is registered for the whole process:
 * what is under way is known by this object alone, so that two deployments in one process never mix.
 */
export function createOtelTraces(place: TracesPlace, { version, role, log }: Teller): Traces {
  const exporter = new OTLPTraceExporter({ url: place.url, headers: { ...place.headers } });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      ...place.resource,
      ...{ "service.version": version, "parvis.role": role },
    }),
    sampler: samplerOf(place),
    spanProcessors: [new BatchSpanProcessor(complaining(exporter, log))],
  });
  const tracer = provider.getTracer("parvis", version);
  const here = new AsyncLocalStorage<Context>();

  function begin({ name, kind, facts, parent }: SpanSpec): Span {
    const from = parent === undefined ? (here.getStore() ?? ROOT_CONTEXT) : contextOf(parent);
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...facts } }, from);
    const context = trace.setSpan(from, span);
    return {
      within: (work) => here.run(context, work),
      tell(more, now) {
        span.setAttributes({ ...more });
        if (now !== undefined) span.updateName(now);
      },
      fail: (what) => markFailed(span, what),
      end: () => span.end(),
    };
  }

  return {
    begin,
    async call(name, facts, work) {
      if (here.getStore() === undefined) return work();
      const span = begin({ name, kind: "client", facts });
      try {
        return await span.within(work);
      } catch (error) {
        span.fail(failureKind(error));
        throw error;
      } finally {
        span.end();
      }
    },
    tell: (facts) =>
      void trace.getSpan(here.getStore() ?? ROOT_CONTEXT)?.setAttributes({ ...facts }),
    current() {
      const span = trace.getSpan(here.getStore() ?? ROOT_CONTEXT);
      if (span === undefined) return null;
      const { traceId, spanId, traceFlags } = span.spanContext();
      return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
    },
    async close() {
      const enough = new AbortController();
      const waited = rest(mostCloseMs, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([provider.shutdown().catch(() => undefined), waited]);
      enough.abort();
    },
  };
}

function markFailed(span: OtelSpan, what: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", what);
}

/** Where something comes from; what comes from nowhere or makes no sense begins a trace of its own. */
function contextOf(parent: string | null): Context {
  const found = parent === null ? null : parseTraceParent(parent);
  if (found === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...found, isRemote: true });
}

function samplerOf({ sampler, ratio }: TracesPlace): Sampler {
  const root = sampler.endsWith("always_on")
    ? new AlwaysOnSampler()
    : sampler.endsWith("always_off")
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith("parentbased") ? new ParentBasedSampler({ root }) : root;
}

const complaintMs = 60_000;

/** Says once a minute at most that traces are lost, without the collector's address or its words. */
function complaining(exporter: SpanExporter, log: Logger): SpanExporter {
  let next = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.FAILED && Date.now() >= next) {
          next = Date.now() + complaintMs;
          log.warn({ spans: spans.length, error: failureKind(result.error) }, "traces are lost");
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
