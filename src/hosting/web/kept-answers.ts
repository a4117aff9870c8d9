import { createHash } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../drivers/clock.js";
import type { Changes } from "../../drivers/store/collection.js";
import type { Instance } from "../../kit/instance.js";
import { languageOf } from "./locale.js";
import { createMakings, type Outcome } from "./makings.js";
import { stateOf } from "./state.js";

/** A page as it is sent. */
export interface Answer {
  readonly body: Buffer;
  readonly etag: string;
  /** Its `Link` header, or null. */
  readonly link: string | null;
}

/** Answers for visitors, kept while all that was read for them stands as it was. */
export interface KeptAnswers {
  /** Answers from memory, or prepares the request so that its page can be kept. */
  readonly serve: RequestHandler;
}

/** An answer with all that it depends on. */
interface Kept extends Answer {
  readonly route: string | undefined;
  readonly minute: number;
  readonly read: Read;
}

/** The state of every collection that was read, from before it was read. */
interface Read {
  readonly elsewhere: number;
  readonly here: ReadonlyMap<string, number>;
}

interface KeptAnswersParts {
  readonly clock: Clock;
  readonly changes: Changes;
  /** Whether a request comes from nobody in particular and changes nothing. */
  readonly onlyReads: (req: Request, instance: Instance) => boolean;
  /** For how long a visitor waits for a page that is being made for another one. */
  readonly patienceMs?: number;
}

/** A request for a page that may be kept. */
interface Asked {
  readonly key: string;
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
}

const mostAnswers = 1_000;
const mostBytes = 16_000_000;
const largest = 400_000;
const longestAddress = 300;

/** How every page for people is to be treated on its way. */
export const cacheControl = "private, no-cache";

/**
 * A visitor's page depends on the site, the language, the address, the rows that were read for it
 * and, by words such as "3 minutes ago", on the minute. It is given again while none of these is
 * another one: each collection that was read is known, and how it stood before it was read. On MongoDB
 * it may be behind what other processes wrote by a second, never behind what this one did. Nothing
 * is kept of members, of whom a message waits for, of forms (they hold a token), or of JSON.
 *
 * A page for which many ask when it no longer stands is made once, for all of them
 * (`src/decisions/0015-pages-on-mongodb.md`).
 */
export function createKeptAnswers(parts: KeptAnswersParts): KeptAnswers {
  const { clock, changes, onlyReads, patienceMs = 2_000 } = parts;
  const kept = new LRUCache<string, Kept>({ max: mostAnswers, maxSize: mostBytes });
  const makings = createMakings<Kept>(patienceMs);
  const keyOf = openKeys(onlyReads);
  const minuteNow = (): number => Math.floor(clock.now().getTime() / 60_000);
  const isGood = ({ minute, read }: Kept): boolean =>
    minute === minuteNow() && stands(changes, read);

  function keep(key: string, made: Kept | null): void {
    const size = (made?.body.byteLength ?? 0) + key.length;
    if (made === null || size > largest) kept.delete(key);
    else kept.set(key, made, { size });
  }

  function make({ key, req, res, next }: Asked): void {
    const state = stateOf(res);
    const minute = minuteNow();
    const reading = openReading(changes);
    const end = makings.begin(key);
    // Whoever is answered without having kept anything has met an error, a redirect or a form.
    res.once("finish", () => end(null));
    state.watch = (collection) => {
      reading.watch(collection);
      if (collection === null) end(null);
    };
    state.keep = (html, link) => {
      const answer = answerOf(req, html, link);
      const read = reading.read();
      const made = read === null ? null : { ...answer, minute, read, route: state.route };
      keep(key, made);
      end(made);
      return answer;
    };
    next();
  }

  /**
   * Waits for a making that began before this request came, whose answer has to stand, and then for one
   * that began after it, whose answer is good in any case. Once something went wrong, everybody makes
   * their own.
   */
  async function share(under: Promise<Outcome<Kept>>, asked: Asked): Promise<void> {
    const first = await under;
    if (first === "not-shared") return make(asked);
    if (first !== "slow" && isGood(first)) return give(asked.res, first);
    const another = makings.underWay(asked.key);
    if (another === null) return make(asked);
    const second = await another;
    return typeof second === "string" ? make(asked) : give(asked.res, second);
  }

  return {
    serve(req, res, next) {
      const key = keyOf(req, stateOf(res).instance);
      if (key === null) return next();
      const known = kept.get(key);
      if (known !== undefined && isGood(known)) return give(res, known);
      const under = makings.underWay(key);
      const asked = { key, req, res, next };
      return under === null ? make(asked) : share(under, asked);
    },
  };
}

function give(res: Response, answer: Kept): void {
  res.set("Cache-Control", cacheControl);
  if (answer.route !== undefined) stateOf(res).route = answer.route;
  sendAnswer(res, answer);
}

/** What an answer depends on beside rows and time; null when it is for one person or too long. */
function openKeys(onlyReads: KeptAnswersParts["onlyReads"]) {
  const fingerprints = new WeakMap<Instance, string>();

  function fingerprint(instance: Instance): string {
    const known = fingerprints.get(instance);
    if (known !== undefined) return known;
    const made = createHash("sha256").update(JSON.stringify(instance)).digest("base64");
    fingerprints.set(instance, made);
    return made;
  }

  return (req: Request, instance: Instance): string | null => {
    if (!onlyReads(req, instance) || req.originalUrl.length > longestAddress) return null;
    if ((req.cookies as Record<string, unknown>)["flash"] !== undefined) return null;
    if (req.accepts(["html", "json"]) !== "html") return null;
    const language = languageOf(req, instance.language);
    return JSON.stringify([fingerprint(instance), language, req.originalUrl]);
  };
}

/** Send a page; 304 for who has it already. */
export function sendAnswer(res: Response, { body, etag, link }: Answer): void {
  if (link !== null) res.set("Link", link);
  res.vary("Accept");
  res.status(200).set({ "Content-Type": "text/html; charset=utf-8", ETag: etag }).send(body);
}

function answerOf(req: Request, html: string, link: string | null): Answer {
  const body = Buffer.from(html);
  const etagOf = req.app.get("etag fn") as (body: Buffer) => string;
  return { body, etag: etagOf(body), link };
}

function stands(changes: Changes, { elsewhere, here }: Read): boolean {
  if (changes.elsewhere() !== elsewhere) return false;
  for (const [collection, change] of here) {
    if (changes.here(collection) !== change) return false;
  }
  return true;
}

/** Notes each collection before it is read for the first time; null when more was done than reading. */
function openReading(changes: Changes): {
  watch: (collection: string | null) => void;
  read: () => Read | null;
} {
  const here = new Map<string, number>();
  const elsewhere = changes.elsewhere();
  let onlyRead = true;
  return {
    watch(collection) {
      if (collection === null) onlyRead = false;
      else if (!here.has(collection)) here.set(collection, changes.here(collection));
    },
    read: () => (onlyRead ? { elsewhere, here } : null),
  };
}
