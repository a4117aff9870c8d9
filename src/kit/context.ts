import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import type { Media, MediaExtension } from "../drivers/media.js";
import type { Mailer } from "../drivers/mail.js";
import type { Collection, Row } from "../drivers/store/collection.js";
import type { Translator } from "./i18n/index.js";
import type {
  Instance,
  InstanceChange,
  InstanceProfile,
  InstanceRecord,
  Language,
} from "./instance.js";
import type { Limits } from "./limits.js";
import type { CollectionDef } from "./records.js";
import { Refusal } from "./refusal.js";
import type { EnqueueOptions, EventDef, JobDef, QueuedJob } from "./work.js";

/** What a member may do beyond being a citizen. */
export type Role = "citizen" | "moderator" | "official" | "admin";

/** The signed-in person, as use cases see them. `_id` is also the id of their public `Person`. */
export interface Member {
  readonly _id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly language: Language;
}

/** Whether the member holds one of the roles; an admin holds them all. */
export function hasRole(member: Member | null, ...roles: Role[]): boolean {
  return member !== null && member.roles.some((role) => role === "admin" || roles.includes(role));
}

/** Refuses everybody but administrators: "not-signed-in", "not-allowed". */
export function assertAdmin(ctx: Pick<Ctx, "member">): void {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  if (!hasRole(ctx.member, "admin")) throw new Refusal("not-allowed");
}

/** The kept files of one instance. */
export interface InstanceMedia {
  /** Keep a file, and let nobody remove it for so long, which is longer than keeping and naming it take. */
  put(bytes: Uint8Array, extension: MediaExtension, leastMs: number): ReturnType<Media["put"]>;
  /** Let nobody remove a kept file for so long from now on; nothing where there is none. */
  keep(name: string, leastMs: number): Promise<void>;
  get(name: string): ReturnType<Media["get"]>;
  /** Remove a file; when it may not be yet, says from when on it may, and null once there is none. */
  remove(name: string): Promise<Date | null>;
}

/** Everything a use case may touch: one instance, one acting member (or none), nothing global. */
export interface Ctx {
  readonly instance: Instance;
  readonly member: Member | null;
  readonly language: Language;
  readonly t: Translator;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly mailer: Mailer;
  readonly log: Logger;
  /** What this instance may use (`takeOf`). */
  readonly limits: Limits;
  /** Files that people uploaded to this instance, and to no other. */
  readonly media: InstanceMedia;
  /** The collection, confined to this instance: every filter, insert and index carries its id. */
  collection<T extends Row>(def: CollectionDef<T>): Collection<T>;
  /** Store a job; resolves once it is durable. */
  enqueue<P>(job: JobDef<P>, payload: P, options?: EnqueueOptions): Promise<void>;
  /** The same for many payloads in one write; `request` is the id of the one that an item comes of, if another. */
  enqueueAll<P>(
    job: JobDef<P>,
    items: ReadonlyArray<{ payload: P; options: EnqueueOptions; request?: string }>,
  ): Promise<void>;
  /** Those of some jobs of a kind, at most 500 ids, that wait or run. */
  peek(job: Pick<JobDef<unknown>, "queue">, ids: readonly string[]): Promise<readonly QueuedJob[]>;
  /**
   * Write and announce as one: an intent is stored, `write` runs, then every subscriber of `event`
   * is called by a job. A crash after the write loses no subscriber; a failed write announces none.
   */
  commit<P, R>(event: EventDef<P>, payload: P, write: () => Promise<R>): Promise<R>;
  /** This instance as it stands in the store now: the one at hand may have been read seconds ago. */
  readInstance(): Promise<Instance>;
  /**
   * Change this instance's own settings; with `expected`, only while it still has those values.
   * @returns the instance as it is now, or null when it had other values.
   */
  changeInstance(
    change: InstanceChange,
    expected?: Partial<Pick<InstanceRecord, "setUpTokenHash" | "setUpBegunAt" | "state">> & {
      readonly profile?: Pick<InstanceProfile, "version">;
    },
  ): Promise<Instance | null>;
  /**
   * Those of some addresses, of this site or of others, that the network does not reach from here: all
   * of them where the instance is closed, else what it does not talk with.
   */
  unwanted(uris: readonly string[]): Promise<ReadonlySet<string>>;
  /** The same surroundings for another language (mails go out in the reader's). */
  inLanguage(language: Language): Ctx;
}
