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

/** Only this word says yes, in any case (OpenTelemetry, environment variable specification, "Boolean"). */
const isTrue = z.string().transform((value) => value.toLowerCase() === "true");

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
  OTEL_SDK_DISABLED: isTrue.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional(),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: pairs.optional(),
  OTEL_SERVICE_NAME: z.string().max(200).default("parvis"),
  OTEL_RESOURCE_ATTRIBUTES: pairs.optional(),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

type Values = z.infer<z.ZodObject<typeof tracesVariables>>;

/**
 * The address that takes traces: the one for traces is used as it is, below the one for everything it is
 * `v1/traces` (OpenTelemetry Protocol Exporter specification, "Endpoint URLs for OTLP/HTTP").
 */
function urlOf(values: Values): string | null {
  if (values.OTEL_SDK_DISABLED === true) return null;
  const own = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (own !== undefined) return new URL(own).href;
  if (values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return null;
  const url = new URL(values.OTEL_EXPORTER_OTLP_ENDPOINT);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}

const spoken = "http/json";

/**
 * Names a protocol that traces would have to be sent by and that is not spoken here. It looks at variables as they
 * were typed, so that this is told beside whatever else is wrong with them.
 */
export function protocolMistakes(typed: Readonly<Record<string, string>>): readonly string[] {
  const isDisabled = isTrue.parse(typed["OTEL_SDK_DISABLED"] ?? "");
  const endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (isDisabled || endpoints.every((name) => typed[name] === undefined)) return [];
  const names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
  const name = names.find((one) => typed[one] !== undefined);
  if (name === undefined || typed[name] === spoken) return [];
  const port = "the port on which the collector takes OTLP over HTTP, as a rule 4318";
  return [`${name}: traces are sent as ${spoken} alone: leave it empty, and name ${port}`];
}

/** Where traces go; null without an endpoint, or when the SDK is disabled: there are none. */
export function tracesOf(values: Values): TracesPlace | null {
  const url = urlOf(values);
  if (url === null) return null;
  return {
    url,
    headers: {
      ...values.OTEL_EXPORTER_OTLP_HEADERS,
      ...values.OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    },
    resource: { ...values.OTEL_RESOURCE_ATTRIBUTES, "service.name": values.OTEL_SERVICE_NAME },
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
  };
}
