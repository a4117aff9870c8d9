import { z } from "zod";
import { readUrl } from "../web-address.js";

/** Where traces go, and how many. */
export interface TracesPlace {
  /** The address that takes them, OTLP over HTTP. */
  readonly url: string;
  /** Sent along, to be let in. */
  readonly headers: Readonly<Record<string, string>>;
  /** What tells this deployment from others, `service.name` among it. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Of how many traces, for samplers that ask: between 0 and 1. */
  readonly ratio: number;
}

const samplers = [
  ...["always_on", "always_off", "traceidratio"],
  ...["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"],
] as const;

/** A sampler as OTEL_TRACES_SAMPLER names it. */
export type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio";

const endpoint = z.string().refine((value) => {
  const url = readUrl(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
}, "must be an address such as http://127.0.0.1:4318; put keys into OTEL_EXPORTER_OTLP_HEADERS");

/** Pairs as the OpenTelemetry specification writes them: `key=value,key2=value2`, percent-encoded. */
const pairs = z.string().transform((text, check) => {
  const made: Record<string, string> = {};
  for (const part of text.split(",").filter((one) => one.trim() !== "")) {
    const [, key, value] = /^\s*([\w.-]{1,128})\s*=\s*([\x21-\x7e]{0,4096}?)\s*$/.exec(part) ?? [];
    const plain = decoded(value);
    if (key === undefined || plain === null) {
      check.addIssue("must be pairs such as key=value,other=value, percent-encoded");
      return z.NEVER;
    }
    made[key] = plain;
  }
  return made;
});

function decoded(value: string | undefined): string | null {
  try {
    return value === undefined ? null : decodeURIComponent(value);
  } catch {
    return null;
  }
}

/** The variables of the OpenTelemetry specification that are read. */
export const tracesVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional(),
  OTEL_SERVICE_NAME: z.string().max(200).default("parvis"),
  OTEL_RESOURCE_ATTRIBUTES: pairs.optional(),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

const shape = z.object(tracesVariables);

/** Where traces go; null without an endpoint: there are none. */
export function tracesOf(values: z.infer<typeof shape>): TracesPlace | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base } = values;
  if (base === undefined) return null;
  return {
    url: `${base.replace(/\/+$/, "")}/v1/traces`,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    resource: { ...values.OTEL_RESOURCE_ATTRIBUTES, "service.name": values.OTEL_SERVICE_NAME },
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
  };
}
