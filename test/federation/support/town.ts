import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { pino, type Logger } from "pino";
import { createIds, systemClock } from "../../../src/drivers/clock.js";
import type { Queue } from "../../../src/drivers/queue/queue.js";
import type { Store } from "../../../src/drivers/store/collection.js";
import { features } from "../../../src/features.js";
import { newPerson } from "../../../src/features/people/people.js";
import {
  createFederation,
  type Federation,
  type Timing,
} from "../../../src/federation/federation.feature.js";
import { createUnwanted } from "../../../src/federation/policy/policy.js";
import type { FederationParts } from "../../../src/federation/services.js";
import type { MakePair } from "../../../src/federation/vault.js";
import { createContexts, type Contexts } from "../../../src/hosting/contexts.js";
import { createInstances } from "../../../src/hosting/instances.js";
import { createOutbox, type Outbox } from "../../../src/hosting/outbox.js";
import { resolveHost } from "../../../src/hosting/resolve-host.js";
import { openRequest } from "../../../src/hosting/web/opening.js";
import { startWorkers } from "../../../src/hosting/worker.js";
import { createTranslators, loadTranslations } from "../../../src/kit/i18n/index.js";
import { noLimits } from "../../../src/kit/limits.js";
import type { Ctx, Feature, Instance, Language, Member, Role } from "../../../src/kit/index.js";
import { aClock, ensureIndexes, type TestClock } from "../../support/city.js";
import { openEngine } from "../../support/engine.js";
import { aMedia } from "../../support/media.js";
import { pooledPair } from "./pairs.js";

/** What a town of a test is made of. */
export interface TownOptions {
  readonly name?: string;
  readonly kind?: Instance["kind"];
  /** French unless told otherwise. */
  readonly language?: Language;
  readonly clock?: TestClock;
  readonly timing?: Partial<Timing>;
  readonly storeThrough?: (store: Store) => Store;
  /** Lines of the log are gathered here. */
  readonly logLines?: string[];
  /** From which level on; everything unless told. */
  readonly logLevel?: "trace" | "error";
  /** Leave the workers asleep, as after a crash. */
  readonly asleep?: boolean;
  readonly makePair?: MakePair;
  /** Told what became of each try of a delivery. */
  readonly delivered?: FederationParts["delivered"];
  /** False: as in production, private addresses are out of reach. */
  readonly allowPrivate?: boolean;
  /** Kept under this path, not only as long as it is open; with an origin: the town that is kept there, started again. */
  readonly kept?: { readonly file: string; readonly origin?: string };
}

/** A city that other servers reach over loopback HTTP. */
export interface Town {
  readonly origin: string;
  /** Where it listens: its origin, unless it was started again. */
  readonly door: string;
  readonly instance: Instance;
  readonly clock: TestClock;
  readonly store: Store;
  readonly queue: Queue;
  readonly outbox: Outbox;
  readonly contexts: Contexts;
  readonly federation: Federation;
  /** Nobody signed in. */
  readonly visitor: Ctx;
  signedInAs(member: Member): Ctx;
  newcomer(name?: string, ...roles: Role[]): Promise<Ctx & { readonly member: Member }>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

const translatorFor = createTranslators(
  loadTranslations(new URL("../../../views", import.meta.url).pathname),
  { strict: false },
);
const open = new Set<Town>();

/** Found a town on a free port. Close it with `afterEach(closeTowns)`. */
export async function aTown(options: TownOptions = {}): Promise<Town> {
  const { clock = aClock(), language = "fr" } = options;
  const log = logInto(options.logLines, options.logLevel);
  const ids = createIds(clock);
  // A loaded machine may rest longer than the five seconds after which Node closes what is kept open,
  // just as it is used again.
  const server = createServer({ keepAliveTimeout: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const door = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = options.kept?.origin ?? door;
  const subscriptions: Feature["on"][number][] = [];
  const engine = await openEngine({ clock, kept: options.kept?.file });
  const bare = engine.store;
  const store = options.storeThrough?.(bare) ?? bare;
  const queue = engine.queue(log, store);
  const parts = { store, queue, clock, ids, log };
  const outbox = createOutbox({ ...parts, subscriptions });
  const instances = createInstances(store, { clock, ids });
  const contexts = createContexts({
    ...{ ...parts, outbox, translatorFor, instances },
    ...{ media: aMedia(), limits: noLimits },
    unwantedBy: createUnwanted,
    mailer: {
      send: () => Promise.resolve({ id: "<1@test>" }),
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  });
  const federation = createFederation({
    ...{ contexts, clock, log, version: "0.1.0" },
    allowPrivate: options.allowPrivate ?? true,
    // However busy the machine is, no peer counts as slow that is not meant to.
    timing: { coalesceMs: 1_000, gatherMs: 0, slowMs: 60_000, ...options.timing },
    makePair: options.makePair ?? pooledPair,
    delivered: options.delivered,
  });
  const all = [...features, federation.feature];
  subscriptions.push(...all.flatMap((feature) => feature.on));
  await ensureIndexes(bare, all);
  const known = options.kept?.origin === undefined ? null : await instances.byHost("127.0.0.1");
  const instance =
    known ??
    (await instances.create({
      ...{ name: options.name ?? "Valmont", origin, language },
      kind: options.kind ?? "city",
      setUpTokenHash: null,
    }));
  server.on("request", webOf({ instances, federation, log }));
  await startWorkers({ store, queue, instances, contexts, features: all, clock, log });
  if (options.asleep !== true) await queue.start();
  const signedInAs = (member: Member): Ctx => contexts({ instance, member, language });
  const visitor = contexts({ instance, member: null, language });
  const town: Town = {
    ...{ origin, door, instance, clock, store, queue, outbox, contexts, federation },
    ...{ visitor, signedInAs },
    async newcomer(name = "Camille", ...roles) {
      const person = await newPerson(visitor, { _id: ids.next(), name });
      const member: Member = {
        ...{ _id: person._id, name, roles: ["citizen", ...roles], language },
      };
      return { ...signedInAs(member), member };
    },
    settle: () => queue.idle(),
    async close() {
      open.delete(town);
      await queue.close(200);
      await outbox.close();
      await federation.close();
      await stop(server);
      await bare.close();
    },
  };
  open.add(town);
  return town;
}

/** Close every town of the test that just ended. */
export async function closeTowns(): Promise<void> {
  for (const town of [...open]) await town.close();
}

/** Let every town do what is due, until none has anything left to do. */
export async function settleAll(...towns: readonly Town[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const town of towns) await town.settle();
  }
}

/** Let time pass for towns that share a clock. */
export async function laterAll(ms: number, ...towns: readonly Town[]): Promise<void> {
  await settleAll(...towns);
  towns[0]?.clock.advance(ms);
  await settleAll(...towns);
}

function logInto(lines: string[] | undefined, level: string = "trace"): Logger {
  if (lines === undefined) return pino({ level: process.env["TEST_LOG"] ?? "silent" });
  return pino({ level }, { write: (line: string) => void lines.push(line) });
}

/** What answers other servers, and with a bare page everybody else. */
export function webOf(parts: {
  instances: ReturnType<typeof createInstances>;
  federation: Federation;
  log: Logger;
}): express.Express {
  const app = express();
  app.use(openRequest({ ids: createIds(systemClock), log: parts.log }));
  app.use(resolveHost({ ...parts, clock: systemClock }), parts.federation.middleware);
  app.use((_req, res) => void res.type("html").send("<p>page</p>"));
  const refused: express.ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
    res.status(error.status ?? 500).json({ error: "refused" });
  };
  app.use(refused);
  return app;
}

/** End a server and whatever is open with it. */
export function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
