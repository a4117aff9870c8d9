import { createHash } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../drivers/clock.js";
import type { Changes } from "../../drivers/store/collection.js";
import type { Instance } from "../../kit/instance.js";
import { languageOf } from "./locale.js";
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

/** What belongs to answers of one page in the same state. */
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
 * it may be behind what other processes wrote by a second, never behind what this one did
 * (`src/decisions/0015-pages-on-mongodb.md`). Nothing is kept of members, of whom a message waits for,
 * of forms (they hold a token), or of JSON.
 */
export function createKeptAnswers({ clock, changes, onlyReads }: KeptAnswersParts): KeptAnswers {
  const kept = new LRUCache<string, Kept>({ max: mostAnswers, maxSize: mostBytes });
  const keyOf = openKeys(onlyReads);
  const minuteNow = (): number => Math.floor(clock.now().getTime() / 60_000);

  return {
    serve(req, res, next) {
      const state = stateOf(res);
      const key = keyOf(req, state.instance);
      if (key === null) return next();
      const known = kept.get(key);
      const minute = minuteNow();
      if (known?.minute === minute && stands(changes, known.read)) {
        res.set("Cache-Control", cacheControl);
        if (known.route !== undefined) state.route = known.route;
        return sendAnswer(res, known);
      }
      const reading = openReading(changes);
      state.watch = reading.watch;
      state.keep = (html, link) => {
        const answer = answerOf(req, html, link);
        const read = reading.read();
        const size = answer.body.byteLength + key.length;
        if (read === null || size > largest) kept.delete(key);
        else kept.set(key, { ...answer, minute, read, route: state.route }, { size });
        return answer;
      };
      next();
    },
  };
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
