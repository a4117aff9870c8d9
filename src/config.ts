import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseEnv } from "node:util";
import { z } from "zod";
import { readMailAddress } from "./drivers/mail.js";
import { readSize } from "./drivers/size.js";
import type { S3Place } from "./drivers/media/s3-requests.js";
import {
  protocolMistakes,
  tracesOf,
  tracesVariables,
  type TracesPlace,
} from "./drivers/traces/settings.js";
import { readUrl } from "./drivers/web-address.js";

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z
  .enum(["true", "false", "1", "0"])
  .transform((value) => value === "true" || value === "1");

const origin = z.string().transform((value, check) => {
  const url = readUrl(value);
  const bare = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (bare) return url.origin;
  check.addIssue("must be an origin such as https://parvis.example, without a path");
  return z.NEVER;
});

/** A server's address. Whoever is given one that is no URL quotes it, password and all. */
const serverAddress = (scheme: RegExp, example: string) =>
  z.string().refine((value) => scheme.test(value) && readUrl(value) !== null, {
    error: `must be an address such as ${example}; in a password / is %2F, and @ %40`,
  });

const nets = new Set(["loopback", "linklocal", "uniquelocal"]);

/** What Express understands as `trust proxy`: a number of hops, or whose address is a proxy's. */
const trust = z.string().refine(
  (value) =>
    /^(\d{1,2}|true|false)$/.test(value) ||
    value.split(",").every((part) => {
      const [address = "", bits] = part.trim().split("/");
      const most = isIP(address) === 6 ? 128 : 32;
      const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
      return nets.has(part.trim()) || (isIP(address) !== 0 && fits);
    }),
  "must be a number of proxies, or addresses such as loopback, 10.0.0.0/8",
);

const sender = z.string().refine((value) => {
  const bare = /<([^<>]*)>$/.exec(value)?.[1] ?? value.trim();
  return value.length <= 320 && readMailAddress(bare) !== null && !/\p{Cc}/u.test(value);
}, "must be an address, alone or as Name <address>");

const size = z.string().transform((value, check) => {
  const bytes = readSize(value);
  if (bytes !== null) return bytes;
  check.addIssue("must be a size such as 500 MB or 2 GB");
  return z.NEVER;
});

const count = z.coerce.number("must be a number").int().min(0);

const bucket = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "must be the name of a bucket, such as parvis-media",
  );

const environment = z.object({
  PORT: port.default(3000),
  HOST: z.string().min(1).max(255).optional(),
  PUBLIC_URL: origin.optional(),
  DATA_DIR: z.string().min(1).default("data"),
  MONGODB_URL: z
    .string()
    .regex(
      /^mongodb(\+srv)?:\/\/[^/?\s]+\/[^/?\s]+(\?|$)/,
      "must be an address such as mongodb://127.0.0.1/parvis, which names the database",
    )
    .optional(),
  REDIS_URL: serverAddress(/^rediss?:\/\//, "redis://127.0.0.1:6379 or rediss://…").optional(),
  ROLE: z.enum(["all", "web", "worker"]).default("all"),
  SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  S3_ENDPOINT: origin.optional(),
  S3_BUCKET: bucket.optional(),
  S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, "must be the name of a region, such as eu-west-3")
    .default("us-east-1"),
  S3_ACCESS_KEY_ID: z.string().min(3, "must have at least 3 characters").max(200).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(8, "must have at least 8 characters").max(500).optional(),
  S3_FORCE_PATH_STYLE: flag.default(true),
  SMTP_URL: serverAddress(/^smtps?:\/\//, "smtps://user:password@mail.example").optional(),
  MAIL_FROM: sender.optional(),
  TRUST_PROXY: trust.optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
  ...tracesVariables,
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").max(500).optional(),
  LIMIT_STORAGE: size.optional(),
  LIMIT_MAILS: count.optional(),
  LIMIT_MEMBERS: count.optional(),
  FEDERATION_PRIVATE_ADDRESSES: flag.default(false),
});

/** Every variable that is read. */
export const variables: readonly string[] = Object.keys(environment.shape);

/** The deployment's configuration. Cities' own settings live in their records. */
export interface Config {
  /** TCP port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** Address to bind; null for every interface. */
  readonly bind: string | null;
  /** Origin of the first instance, made at the first start. */
  readonly publicUrl: string;
  /** Folder of the embedded store, kept mails and the secret. */
  readonly dataDir: string;
  readonly mongodbUrl: string | null;
  /** Where BullMQ keeps the jobs; null: the queue is kept in the store. */
  readonly redisUrl: string | null;
  /** What this process does: serve pages, work off the queue, or both. */
  readonly role: "all" | "web" | "worker";
  /** Key of sessions and form tokens; null: made once and kept in `dataDir`. */
  readonly secret: string | null;
  /** The bucket that uploaded pictures are kept in; null: `dataDir`. */
  readonly s3: S3Place | null;
  readonly smtpUrl: string | null;
  readonly mailFrom: string | null;
  /** Express's `trust proxy` value; null trusts none. */
  readonly trustProxy: string | null;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "silent";
  /** What a scraper sends to read `/metrics`; null: there are none. */
  readonly metricsToken: string | null;
  /** What each instance may use that has no limits of its own; null: as much as it likes. */
  readonly limits: {
    /** Bytes of pictures. */
    readonly storage: number | null;
    /** Mails a day. */
    readonly mails: number | null;
    readonly members: number | null;
  };
  /** Where traces are sent; null: there are none. */
  readonly traces: TracesPlace | null;
  /** Lets federation reach private and loopback addresses, for tests and the demo. */
  readonly privateAddresses: boolean;
}

/** Every mistake in the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
  }
}

/**
 * Read and validate the configuration. An empty variable counts as unset.
 * @throws ConfigError naming every variable that is wrong and why.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const typed = filledIn(env);
  const parsed = environment.safeParse(typed);
  const wrong = parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const mistakes = [...(wrong ?? []), ...bucketMistakes(typed), ...protocolMistakes(typed)];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  const values = parsed.data;
  return {
    port: values.PORT,
    bind: values.HOST ?? null,
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${values.PORT}`,
    dataDir: values.DATA_DIR,
    mongodbUrl: values.MONGODB_URL ?? null,
    redisUrl: values.REDIS_URL ?? null,
    role: values.ROLE,
    secret: values.SECRET ?? null,
    s3: bucketOf(values),
    smtpUrl: values.SMTP_URL ?? null,
    mailFrom: values.MAIL_FROM ?? null,
    trustProxy: values.TRUST_PROXY ?? null,
    logLevel: values.LOG_LEVEL,
    metricsToken: values.METRICS_TOKEN ?? null,
    limits: {
      storage: values.LIMIT_STORAGE ?? null,
      mails: values.LIMIT_MAILS ?? null,
      members: values.LIMIT_MEMBERS ?? null,
    },
    traces: tracesOf(values),
    privateAddresses: values.FEDERATION_PRIVATE_ADDRESSES,
  };
}

/** Who mails are from: an address, alone or as `Name <address>`. */
export function senderOf({ mailFrom, publicUrl }: Config): string {
  const own = readMailAddress(`parvis@${new URL(publicUrl).hostname}`);
  return mailFrom ?? own ?? "parvis@localhost";
}

/** The domain of the address that mails are from. */
export function senderDomain(config: Config): string {
  const [domain = ""] = senderOf(config).split("@").slice(-1);
  return domain.replace(/>.*$/, "").trim().toLowerCase();
}

type Values = z.infer<typeof environment>;

const bucketNeeds = [
  "S3_ENDPOINT",
  "S3_BUCKET",
  "S3_ACCESS_KEY_ID",
  "S3_SECRET_ACCESS_KEY",
] as const;

/** Half a bucket is a mistake: pictures would go where nobody looks for them. */
function bucketMistakes(typed: Readonly<Record<string, string>>): readonly string[] {
  const missing = bucketNeeds.filter((name) => typed[name] === undefined);
  if (missing.length === bucketNeeds.length) return [];
  return missing.map((name) => `${name}: is needed to keep pictures on S3`);
}

function bucketOf(values: Values): S3Place | null {
  const { S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = values;
  if (!S3_ENDPOINT || !S3_BUCKET || !S3_ACCESS_KEY_ID || !S3_SECRET_ACCESS_KEY) return null;
  return {
    ...{ endpoint: S3_ENDPOINT, bucket: S3_BUCKET, region: values.S3_REGION },
    ...{ accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
    pathStyle: values.S3_FORCE_PATH_STYLE,
  };
}

/**
 * The process's environment over an optional `.env` file in the working directory. A variable that is
 * empty in the one leaves the other's value.
 */
export function environmentWithFile(
  path = ".env",
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const file = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  return { ...file, ...filledIn(env) };
}

function filledIn(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim() ?? ""] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}
