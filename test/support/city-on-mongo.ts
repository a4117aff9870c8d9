import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { createApp, version, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { features } from "../../src/features.js";
import { newPerson } from "../../src/features/people/people.js";
import type { Ctx, Feature, Instance, Member } from "../../src/kit/index.js";
import { migrations } from "../../src/migrations/run.js";
import { aMailer } from "./city.js";
import { aBrowser, type Browser } from "./deployment.js";
import { aMedia } from "./media.js";

const camille: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language: "fr" };

/** A city behind a real port, whose store and jobs are kept in MongoDB, and worked off as time passes. */
export interface CityOnMongo {
  readonly app: App;
  readonly port: number;
  readonly visitor: Browser;
  readonly citizen: Ctx;
  another(): Promise<Instance>;
  intents(): Promise<number>;
  /** Lets time pass that nobody has to wait for. */
  later(ms: number): void;
  close(): Promise<void>;
}

/** What such a city may have beside. */
export interface CityOnMongoOptions {
  readonly through?: (store: Store) => Store;
  readonly features?: readonly Feature[];
}

/** Founds one; MongoDB is given little time to answer, so that tests of its faults are quick. */
export async function aCityOnMongo(
  url: string,
  { through = (store) => store, features: more = [] }: CityOnMongoOptions = {},
): Promise<CityOnMongo> {
  const { openMongoStore } = await import("../../src/drivers/store/mongo.js");
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-away-"));
  const patience = { selectionMs: 500, answerMs: 4_000, placeMs: 2_000, heartbeatMs: 1_500 };
  const store = through(await openMongoStore(url, { patience }));
  const log = pino({ level: "silent" });
  let ahead = 0;
  const clock: Clock = { now: () => new Date(Date.now() + ahead) };
  const queue = createEmbeddedQueue({ store, clock, ids: createIds(clock), log, pollMs: 50 });
  const { mailer } = aMailer();
  const app = await createApp(
    loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: "silent" }),
    { store, queue, mailer, media: aMedia(), clock, log },
    { version, features: [...features, ...more], migrations },
  );
  const found = (host: string): Promise<Instance> =>
    app.instances.create({
      ...{ origin: `http://${host}`, name: "Valmont", language: "fr", kind: "city" },
      setUpTokenHash: null,
    });
  const instance = await found("valmont.example");
  await app.start();
  const citizen = app.contexts({ instance, member: camille, language: "fr" });
  await newPerson(citizen, { _id: camille._id, name: camille.name });
  const server = await listening(app);
  const { port } = server.address() as AddressInfo;
  return {
    ...{ app, port, citizen },
    visitor: aBrowser(port, "valmont.example"),
    another: () => found(`${randomUUID().slice(0, 8)}.example`),
    later: (ms) => void (ahead += ms),
    intents: () => store.collection("intents").countDocuments({}),
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function listening(app: App): Promise<Server> {
  const server = createServer(app.web).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Waits until something is so; a store that does not answer is no answer. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("it did not come to pass");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
