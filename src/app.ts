import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { senderOf, type Config } from "./config.js";
import { createIds, systemClock, type Clock } from "./drivers/clock.js";
import { createFileMailer, createSmtpMailer, type Mailer } from "./drivers/mail.js";
import { createTextRecords, type TextRecords } from "./drivers/mail/text-records.js";
import type { Media } from "./drivers/media.js";
import { openMedia } from "./drivers/media/open.js";
import type { Queue } from "./drivers/queue/queue.js";
import type { Store } from "./drivers/store/collection.js";
import { features } from "./features.js";
import { createOperators, type OperatorSide } from "./features/operators/operators.feature.js";
import { usageOf } from "./federation/discovery/census.js";
import { createFederation, type Federation } from "./federation/federation.feature.js";
import { countFailing } from "./federation/network/peers.js";
import { createUnwanted } from "./federation/policy/policy.js";
import { loadAssets, type Assets } from "./hosting/assets.js";
import { createContexts, type Contexts } from "./hosting/contexts.js";
import { latestIn } from "./hosting/declarations.js";
import { factsOf } from "./hosting/deployment-facts.js";
import { unseenMsOf } from "./hosting/gone-writers.js";
import { createHealth, type Health } from "./hosting/health.js";
import { collectionsOf, ensureIndexes } from "./hosting/collections.js";
import { createInstances, type Instances } from "./hosting/instances.js";
import { keptFiles } from "./hosting/kept-files.js";
import { createLog } from "./hosting/log.js";
import { createMailLedger, ledgerCollections } from "./hosting/mail-ledger.js";
import type { Metrics } from "./hosting/metrics.js";
import { openQueue, openWholeStore } from "./hosting/opening.js";
import { createOutbox, type Outbox } from "./hosting/outbox.js";
import { parkedJobs } from "./hosting/parked-jobs.js";
import { createRemoval } from "./hosting/removal.js";
import { tracedFetch, tracedRequests } from "./hosting/traces.js";
import { createViews } from "./hosting/views.js";
import { createReaders } from "./hosting/readers.js";
import { metricsFor, tracesFor, watchedDrivers } from "./hosting/watching.js";
import { createWeb } from "./hosting/web.js";
import { startWorkers } from "./hosting/worker.js";
import type { Feature } from "./kit/feature.js";
import { createTranslators, loadTranslations, type TranslatorFor } from "./kit/i18n/index.js";
import type { Migration } from "./migrations/migration.js";
import { migrate, migrations } from "./migrations/run.js";
import { secretOf } from "./secret.js";

/** The replaceable outside world. */
export interface Drivers {
  readonly store: Store;
  readonly queue: Queue;
  readonly mailer: Mailer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where uploaded files are kept. */
  readonly media: Media;
  /** What domains publish about their mails; the machine's resolvers unless others are given. */
  readonly records?: TextRecords;
}

/** A deployment, composed and ready to be started. */
export interface App {
  readonly web: RequestListener;
  /** What supervisors ask; part of `web`, and all that a process without pages answers. */
  readonly health: Health;
  /** What Prometheus reads; null without a token. */
  readonly metrics: Metrics | null;
  readonly drivers: Drivers;
  readonly instances: Instances;
  readonly contexts: Contexts;
  /** Words for what is told beside every instance. */
  readonly translatorFor: TranslatorFor;
  readonly outbox: Outbox;
  readonly federation: Pick<Federation, "linkInstance" | "rules" | "rotateKeys" | "testPeer">;
  readonly operators: OperatorSide;
  /** Names of the migrations that ran now. */
  readonly migrated: readonly string[];
  /** Take up work: queue workers, calendar, sweep. */
  start(): Promise<void>;
  /** Finish what runs, then close every driver. */
  close(): Promise<void>;
}

const viewsDir = fileURLToPath(new URL("../views", import.meta.url));

/** No write takes as long; another process may be in the middle of a younger one. */
const sweepAfterMs = 60_000;

const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");

/** The project's version, as told to other servers. */
export const { version } = JSON.parse(manifest) as { version: string };

/**
 * The drivers that the configuration asks for.
 * @param what the process is called to whoever wants the store alone
 */
export async function driversFor(
  config: Config,
  log = createLog(config),
  what = `server (${config.role})`,
): Promise<Drivers> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const clock = systemClock;
  const store = await openWholeStore(config, what);
  const queue = await openQueue(config, { store, clock, log });
  const from = senderOf(config);
  const mailer =
    config.smtpUrl === null
      ? createFileMailer({ directory: join(config.dataDir, "mail"), from, log })
      : createSmtpMailer({ url: config.smtpUrl, from });
  return { store, queue, mailer, media: await openMedia(config), clock, log };
}

/** What a release brings to a store that another one may be at work with. */
export interface Release {
  readonly version: string;
  readonly features: readonly Feature[];
  readonly migrations: readonly Migration[];
}

/**
 * Compose a deployment. Indexes are ensured and data migrated before it is handed over.
 * @param release what is served: this one, but where a test makes another of it
 */
export async function createApp(
  config: Config,
  given?: Drivers,
  release: Release = { version, features, migrations },
): Promise<App> {
  const drivers = given ?? (await driversFor(config));
  const { queue, clock, log } = drivers;
  const metrics = await metricsFor(config, drivers);
  const traces = await tracesFor(config, { log, version });
  const { store, media } = watchedDrivers(drivers, config, { metrics, traces });
  const ledger = createMailLedger({ store, clock, log });
  const mailer = ledger.counted(drivers.mailer);
  const ids = createIds(clock);
  const instances = createInstances(store, { clock, ids });
  const translatorFor = createTranslators(loadTranslations(viewsDir), {
    strict: !import.meta.url.includes("/dist/"),
  });
  const subscriptions: Feature["on"][number][] = [];
  const unseenMs = unseenMsOf(config);
  const outbox = createOutbox({ store, queue, clock, ids, log, subscriptions, unseenMs });
  const contexts = createContexts({
    ...{ store, instances, queue, outbox, clock, ids, mailer, log, translatorFor },
    unwantedBy: createUnwanted,
    ...{ media, traces, limits: config.limits },
  });
  const federation = createFederation({
    ...{ contexts, instances, store, queue, clock, ids, log, version },
    allowPrivate: config.privateAddresses,
    aroundFetch: traces === null ? undefined : tracedFetch(traces),
    delivered: metrics?.delivered,
  });
  const health = createHealth({ store, queue, needsQueue: config.role === "worker" });
  const operators = createOperators({
    ...{ store, queue, clock, ids, instances, outbox, health, mailer, ledger },
    limits: config.limits,
    counted: { usage: usageOf, failingPeers: countFailing },
    records: drivers.records ?? createTextRecords(),
    deployment: factsOf(config, version),
  });
  const beside = [...operators.collections, ...ledgerCollections, parkedJobs];
  const removal = createRemoval({
    ...{ store, media, instances, queue, clock, farewell: federation.farewell, beside },
    collections: () => collectionsOf(all).map(({ name }) => name),
  });
  const own = [federation.feature, operators.feature, keptFiles, removal];
  const all: readonly Feature[] = [...release.features, ...own];
  subscriptions.push(...all.flatMap((feature) => feature.on));
  const isLatest = latestIn(drivers, { version: release.version, features: all, beside });
  await ensureIndexes({ ...drivers, isLatest }, { scoped: collectionsOf(all), beside });
  const migrated = await migrate(store, clock, release.migrations);
  const readers = createReaders();
  const pages = createWeb({
    ...{ store, clock, ids, log, instances, contexts, readers, health, metrics },
    features: all,
    views: createViews({ viewsDir, translatorFor }),
    assets: await assetsFor(config),
    secret: await secretOf(config),
    trustProxy: config.trustProxy,
    federation,
  });
  const web = traces === null ? pages : tracedRequests(pages, traces);
  return {
    ...{ web, health, metrics, drivers, instances, contexts, outbox, federation, migrated },
    ...{ operators, translatorFor },
    async start() {
      if (config.role !== "web") {
        const ended = metrics === null ? {} : { ended: metrics.ended };
        const own = { store, queue, instances, contexts, features: all };
        const parts = { ...own, clock, log, readers, traces };
        await startWorkers({ ...parts, ...ended, isLatest });
      }
      await queue.start();
      await outbox.sweep(sweepAfterMs);
      outbox.start(5_000, sweepAfterMs);
    },
    async close() {
      await queue.close(5_000);
      await outbox.close();
      await federation.close();
      await mailer.close();
      await drivers.media.close();
      await traces?.close();
      await store.close();
    },
  };
}

/** What the build made; run from the sources, each process makes it on the spot for itself. */
async function assetsFor(config: Config): Promise<Assets> {
  const built = fileURLToPath(new URL("./hosting/assets", import.meta.url));
  if (existsSync(join(built, "manifest.json"))) return loadAssets(built);
  const { buildAssets } = await import("./hosting/build-assets.js");
  const made = await mkdtemp(join(config.dataDir, "assets-"));
  try {
    await buildAssets(made);
    return loadAssets(made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}
