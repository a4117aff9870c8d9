import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import type { Mailer, MailMessage } from "../../src/drivers/mail.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { comments } from "../../src/features/comments/comments.feature.js";
import { people } from "../../src/features/people/people.feature.js";
import { newPerson } from "../../src/features/people/people.js";
import { proposals } from "../../src/features/proposals/proposals.feature.js";
import { supports } from "../../src/features/supports/supports.feature.js";
import { tallies } from "../../src/features/tallies/tallies.feature.js";
import { topics } from "../../src/features/topics/topics.feature.js";
import { collectionsOf } from "../../src/hosting/collections.js";
import { createContexts } from "../../src/hosting/contexts.js";
import { createInstances, instanceIndexes } from "../../src/hosting/instances.js";
import { createOutbox, intentIndexes, type Outbox } from "../../src/hosting/outbox.js";
import { parkedJobs } from "../../src/hosting/parked-jobs.js";
import { scopedIndexes } from "../../src/hosting/scoped-store.js";
import { startWorkers } from "../../src/hosting/worker.js";
import { createTranslators, loadTranslations } from "../../src/kit/i18n/index.js";
import type { Ctx, Feature, Instance, Language, Member, Role } from "../../src/kit/index.js";
import { noLimits, type Limits } from "../../src/kit/limits.js";
import { openEngine } from "./engine.js";
import { aMedia } from "./media.js";

/** A clock that moves only when a test says so. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** What a city of a test is made of. */
export interface CityOptions {
  readonly name?: string;
  readonly origin?: string;
  readonly language?: Language;
  /** The features that run; those of the civic heart unless told otherwise. */
  readonly features?: readonly Feature[];
  /** Put something between the features and the store, such as a fault. */
  readonly storeThrough?: (store: Store) => Store;
  /** When the clock begins. */
  readonly now?: Date;
  /** Its workers are not started. */
  readonly asleep?: boolean;
  /** What it may use; everything unless told otherwise. */
  readonly limits?: Limits;
}

/** A city: real store, queue, outbox and features; a clock of its own; no network. */
export interface City {
  readonly instance: Instance;
  readonly clock: TestClock;
  readonly store: Store;
  readonly queue: Queue;
  readonly outbox: Outbox;
  readonly mails: readonly MailMessage[];
  /** Nobody signed in. */
  readonly visitor: Ctx;
  signedInAs(member: Member, language?: Language): Ctx;
  /** Somebody new with a public face, signed in. */
  newcomer(name?: string, ...roles: Role[]): Promise<Ctx & { readonly member: Member }>;
  /** Run every job that is due. */
  settle(): Promise<void>;
  /** Let time pass, then run what has become due. */
  later(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** The features whose rules this folder's tests are about. */
export const civicFeatures: readonly Feature[] = [
  people,
  topics,
  proposals,
  supports,
  comments,
  tallies,
];

const viewsDir = fileURLToPath(new URL("../../views", import.meta.url));
const translatorFor = createTranslators(loadTranslations(viewsDir), { strict: true });
const open = new Set<City>();

/** A clock that stands still at a Monday morning, or at `start`. */
export function aClock(start = new Date("2026-03-02T08:00:00.000Z")): TestClock {
  let time = start.getTime();
  return {
    now: () => new Date(time),
    advance: (ms) => {
      time += ms;
    },
  };
}

/** Make every index that a deployment with these features declares. */
export async function ensureIndexes(store: Store, features: readonly Feature[]): Promise<void> {
  await store.ensureIndexes("instances", instanceIndexes);
  await store.ensureIndexes("intents", intentIndexes);
  await store.ensureIndexes(parkedJobs.name, parkedJobs.indexes);
  for (const def of collectionsOf(features)) {
    await store.ensureIndexes(def.name, scopedIndexes(def.indexes));
  }
}

/** Found a city. Close it with `afterEach(closeCities)`. */
export async function aCity(options: CityOptions = {}): Promise<City> {
  const { features = civicFeatures, language = "fr" } = options;
  const clock = aClock(options.now);
  const engine = await openEngine({ clock });
  const bare = engine.store;
  await ensureIndexes(bare, features);
  const store = options.storeThrough?.(bare) ?? bare;
  const log = pino({ level: process.env["TEST_LOG"] ?? "silent" });
  const ids = createIds(clock);
  const queue = engine.queue(log, store);
  const subscriptions = features.flatMap((feature) => feature.on);
  const outbox = createOutbox({ store, queue, clock, ids, log, subscriptions });
  const instances = createInstances(store, { clock, ids });
  const { mailer, mails } = aMailer();
  const contexts = createContexts({
    ...{ store, queue, outbox, clock, ids, mailer, log, translatorFor, instances },
    ...{ media: aMedia(), limits: options.limits ?? noLimits },
    unwantedBy: () => () => Promise.resolve(new Set<string>()),
  });
  const instance = await instances.create({
    name: options.name ?? "Valmont",
    origin: options.origin ?? "https://valmont.example",
    ...{ language, kind: "city", setUpTokenHash: null },
  });
  await startWorkers({ store, queue, instances, contexts, features, clock, log });
  if (options.asleep !== true) await queue.start();
  const signedInAs = (member: Member, spoken = language): Ctx =>
    contexts({ instance, member, language: spoken });
  const visitor = contexts({ instance, member: null, language });
  const city: City = {
    ...{ instance, clock, store, queue, outbox, mails, visitor, signedInAs },
    async newcomer(name = "Camille", ...roles) {
      const person = await newPerson(visitor, { _id: ids.next(), name });
      const member: Member = { _id: person._id, name, roles: ["citizen", ...roles], language };
      return { ...signedInAs(member), member };
    },
    settle: () => queue.idle(),
    async later(ms) {
      await queue.idle();
      clock.advance(ms);
      await queue.idle();
    },
    async close() {
      open.delete(city);
      await queue.close(1_000);
      await outbox.close();
      await bare.close();
    },
  };
  open.add(city);
  return city;
}

/** Close every city of the test that just ended. */
export async function closeCities(): Promise<void> {
  for (const city of [...open]) await city.close();
}

/** A mailer that keeps what it is given. */
export function aMailer(): { mailer: Mailer; mails: MailMessage[] } {
  const mails: MailMessage[] = [];
  const mailer: Mailer = {
    send: async (mail) => {
      mails.push(mail);
      return { id: `<${mails.length}@test>` };
    },
    check: async () => undefined,
    close: async () => undefined,
  };
  return { mailer, mails };
}
