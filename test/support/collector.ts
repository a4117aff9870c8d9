import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  boolValue: z.boolean().optional(),
  doubleValue: z.number().optional(),
});
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((list) =>
    Object.fromEntries(list.map((one) => [one.key, Object.values(one.value)[0]])),
  );
const span = z.object({
  traceId: z.hex().length(32),
  spanId: z.hex().length(16),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  status: z.object({ code: z.number() }).optional(),
});
/** ExportTraceServiceRequest, as OTLP writes it in JSON (OTLP specification, "JSON Protobuf Encoding"). */
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** A span as a collector gets it. */
export type CollectedSpan = z.infer<typeof span>;

/** A collector on this machine that takes traces by OTLP over HTTP. */
export interface Collector {
  readonly endpoint: string;
  readonly spans: CollectedSpan[];
  readonly resources: Record<string, unknown>[];
  readonly headers: IncomingHttpHeaders[];
  /** All that it got, as it came. */
  text(): string;
  close(): Promise<void>;
}

/** Open a collector; what is no OTLP in JSON is answered with 400. */
export async function aCollector(): Promise<Collector> {
  const [spans, resources, headers]: [
    CollectedSpan[],
    Record<string, unknown>[],
    IncomingHttpHeaders[],
  ] = [[], [], []];
  let text = "";
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (chunk: string) => void (body += chunk));
    req.on("end", () => {
      const isJson = req.headers["content-type"] === "application/json";
      const parsed = request.safeParse(isJson ? JSON.parse(body) : null);
      if (req.method !== "POST" || req.url !== "/v1/traces" || !parsed.success) {
        return void res.writeHead(400).end();
      }
      text += body;
      headers.push(req.headers);
      for (const { resource, scopeSpans } of parsed.data.resourceSpans) {
        resources.push(resource.attributes);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...{ endpoint: `http://127.0.0.1:${port}`, spans, resources, headers },
    text: () => text,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
