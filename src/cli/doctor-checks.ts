import { access, constants } from "node:fs/promises";
import type { Config } from "../config.js";
import { diskRoom, roomLevel } from "../drivers/disk.js";
import type { Mailer } from "../drivers/mail.js";
import { isMediaUnavailable, type Media } from "../drivers/media.js";
import { QueueRefuses, type Queue } from "../drivers/queue/queue.js";
import type { Store } from "../drivers/store/collection.js";
import { isSecretKnown } from "../drivers/store/deployment-secret.js";
import { isFresh } from "../features/operators/dead-jobs.js";
import type { StoredJobs } from "../hosting/parked-jobs.js";
import type { Instance } from "../kit/index.js";
import { inPlainWords } from "./plain-words.js";
import { storedWords } from "./queue.js";

/** How one thing is. */
export interface Finding {
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  readonly text: string;
  /** What to do about it; null when all is well. */
  readonly remedy: string | null;
}

/** A finding in one line. */
export function finding(
  name: string,
  level: Finding["level"],
  text: string,
  remedy: string | null = null,
): Finding {
  return { name, level, text, remedy };
}

/** The worst level among findings. */
export function worst(findings: readonly Finding[]): Finding["level"] {
  const levels = new Set(findings.map(({ level }) => level));
  if (levels.has("fail")) return "fail";
  return levels.has("warn") ? "warn" : "ok";
}

/** What the environment says, once it could be read. */
export function checkConfig(config: Config): Finding[] {
  const { protocol, hostname } = new URL(config.publicUrl);
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  const found = [finding("configuration", "ok", `read; first instance at ${config.publicUrl}`)];
  if (protocol === "http:" && !local) {
    const remedy = "put a proxy with a certificate before Parvis and set PUBLIC_URL to https://…";
    found.push(finding("configuration", "warn", "PUBLIC_URL is not encrypted", remedy));
  }
  if (config.privateAddresses && !local) {
    const remedy = "unset FEDERATION_PRIVATE_ADDRESSES: it is for demonstrations and tests";
    found.push(finding("configuration", "warn", "private addresses can be reached", remedy));
  }
  return found;
}

const gigabyte = 1_000_000_000;

/** Whether the data folder can be written, and has room. */
export async function checkDisk({ dataDir }: Config): Promise<Finding> {
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing) return finding("disk", "ok", `${dataDir} is made at the first start`);
    const remedy = "give the user that runs Parvis this folder";
    return finding("disk", "fail", `${dataDir} cannot be written`, remedy);
  }
  const room = await diskRoom(dataDir);
  const text = `${(room.free / gigabyte).toFixed(1)} GB free in ${dataDir}`;
  const level = roomLevel(room);
  const remedy = level === "ok" ? null : "make room, or move DATA_DIR to a larger disk";
  return finding("disk", level, text, remedy);
}

/** Whether uploaded pictures can be kept: on S3 by a trial, else the disk has said it. */
export async function checkMedia(media: Media, { s3 }: Config): Promise<Finding[]> {
  if (s3 === null) return [];
  try {
    await media.check();
    return [finding("pictures", "ok", `can be kept, read and removed in the bucket ${s3.bucket}`)];
  } catch (error) {
    if (!isMediaUnavailable(error)) throw error;
    const remedy =
      "check S3_* (endpoint, region, keys, path style) and that the keys may list, read, write and delete";
    return [finding("pictures", "fail", error.message, remedy)];
  }
}

/** Whether the store answers and, where it is a file of ours, is whole. */
export async function checkStore(
  store: Store,
  { mongodbUrl }: Pick<Config, "mongodbUrl">,
): Promise<Finding> {
  const started = performance.now();
  const isFile = mongodbUrl === null;
  try {
    await store.check();
    const ms = performance.now() - started;
    const looked = `whole; looked through in ${(ms / 1000).toFixed(1)} s`;
    const text = isFile ? looked : `MongoDB answers, in ${Math.ceil(ms)} ms`;
    return finding("store", "ok", text);
  } catch (error) {
    const remedy = isFile
      ? "stop the server and restore the latest backup; keep the damaged file"
      : "check MONGODB_URL and that this machine may reach it; nothing that was answered is lost meanwhile";
    return finding("store", "fail", inPlainWords(error), remedy);
  }
}

/** Whether pages are served with the secret that is configured here; nothing where they are. */
export async function checkSecret(store: Store, secret: string): Promise<Finding[]> {
  if (await isSecretKnown(store, secret)) return [];
  const text = "a server that started last has another one, and signs people out of this one";
  const remedy = "give all processes the same SECRET, or the same DATA_DIR, and start them again";
  return [finding("secret", "warn", text, remedy)];
}

const manyWaiting = 1_000;
/** Whatever is due is begun sooner, where anybody works it off. */
const longDueMs = 5 * 60_000;

/** A queue, and what lies in the store beside what it counts. */
export interface LookedQueue {
  readonly queue: Queue;
  readonly stored: StoredJobs;
}

/** Whether a queue is worked off. */
export async function checkQueue(
  { queue, stored }: LookedQueue,
  name: string,
  now: Date,
): Promise<Finding> {
  const label = `queue ${name}`.slice(0, 14);
  try {
    await queue.check();
  } catch (error) {
    return queueFails(label, error, storedWords(stored));
  }
  const { waiting, delayed, running, dead } = await queue.counts(name);
  const dueMs = now.getTime() - ((await queue.oldestDue(name)) ?? now).getTime();
  const since = dueMs > longDueMs ? `, the oldest due for ${Math.floor(dueMs / 60_000)} min` : "";
  const text = `${waiting} waiting, ${delayed} later, ${running} running${storedWords(stored)}, ${dead} given up${since}`;
  if (waiting + stored.kept > manyWaiting || since !== "") {
    const remedy =
      "is a server running whose ROLE is all or worker? If so, give it time or more power";
    return finding(label, "warn", text, remedy);
  }
  const [last] = dead === 0 ? [] : await queue.dead(name, 1);
  if (isFresh(last?.diedAt ?? null, now)) {
    return finding(label, "warn", text, "see why, and retry or drop them: queue list");
  }
  return finding(label, "ok", text);
}

const whenRefused: Readonly<Record<QueueRefuses["why"], string>> = {
  full: "raise its maxmemory, and the memory it has: no job is begun before; new ones wait in the store",
  replica: "lead REDIS_URL to the primary; what comes meanwhile waits in the store",
  other: "see what Redis says in its log; what comes meanwhile waits in the store",
};

function queueFails(label: string, error: unknown, stored: string): Finding {
  if (error instanceof QueueRefuses) {
    return finding(label, "fail", `${error.message}${stored}`, whenRefused[error.why]);
  }
  const remedy = "check REDIS_URL and that this machine may reach it; no job is lost meanwhile";
  return finding(label, "fail", `the queue does not answer${stored}`, remedy);
}

/** Whether mails can leave. */
export async function checkMail(mailer: Mailer, { smtpUrl, dataDir }: Config): Promise<Finding> {
  try {
    await mailer.check();
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const remedy = "check SMTP_URL (host, port, user, password) and that this machine may reach it";
    return finding("mail", "fail", `the mail server does not take mails: ${reason(why)}`, remedy);
  }
  if (smtpUrl !== null) return finding("mail", "ok", "the mail server answers");
  const remedy = "set SMTP_URL to send them, e.g. smtps://user:password@mail.example";
  return finding("mail", "warn", `mails are kept as files in ${dataDir}/mail`, remedy);
}

/** Mail servers' errors may quote what was sent to them: only the code is told. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return "no reason given";
  return "code" in error ? String(error.code) : error.name;
}

const warnAfterMs = 30_000;
const failAfterMs = 300_000;

/** Whether this machine's clock agrees with the proxy's answers and with what was stored. */
export function checkClock(
  now: Date,
  instances: readonly Instance[],
  dates: readonly Date[],
): Finding {
  const remedy =
    "synchronise the clock (timedatectl set-ntp true): other servers refuse old signatures";
  const newest = Math.max(0, ...instances.map(({ createdAt }) => createdAt.getTime()));
  const behind = newest - now.getTime();
  const away = Math.max(
    0,
    behind,
    ...dates.map((date) => Math.abs(date.getTime() - now.getTime())),
  );
  if (away < warnAfterMs) return finding("clock", "ok", now.toISOString());
  const level = away < failAfterMs ? "warn" : "fail";
  const what = behind >= away ? "what is stored" : "the public address";
  return finding("clock", level, `${Math.round(away / 1000)} s away from ${what}`, remedy);
}
