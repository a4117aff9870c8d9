import { pino } from "pino";
import { createIds, systemClock as clock } from "../../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../../src/drivers/queue/embedded.js";
import type { Queue } from "../../../src/drivers/queue/queue.js";
import type { Store } from "../../../src/drivers/store/collection.js";
import { features } from "../../../src/features.js";
import { newPerson, consentToNetwork } from "../../../src/features/people/people.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { createFederation } from "../../../src/federation/federation.feature.js";
import { createUnwanted } from "../../../src/federation/policy/policy.js";
import { followersCollection } from "../../../src/federation/records.js";
import { collectionsOf } from "../../../src/hosting/collections.js";
import { createContexts } from "../../../src/hosting/contexts.js";
import { createInstances, instanceIndexes } from "../../../src/hosting/instances.js";
import { createOutbox, intentIndexes, type Outbox } from "../../../src/hosting/outbox.js";
import { parkedJobs } from "../../../src/hosting/parked-jobs.js";
import { scopedIndexes } from "../../../src/hosting/scoped-store.js";
import { startWorkers } from "../../../src/hosting/worker.js";
import { createTranslators, loadTranslations } from "../../../src/kit/i18n/index.js";
import { noLimits } from "../../../src/kit/limits.js";
import type { Ctx, Feature, Instance, Member } from "../../../src/kit/index.js";
import { aDraft } from "../../support/builders.js";
import { aMedia } from "../../support/media.js";
import { pooledPair } from "./pairs.js";

/** A city whose process may be killed: all that it knows is in its store, and it hears nothing. */
export interface StoredCity {
  readonly queue: Queue;
  readonly outbox: Outbox;
  /** Its one citizen, signed in. */
  readonly citizen: Ctx;
  /** Begin to work on what is queued. */
  start(): Promise<void>;
  /** Resolves once everything is delivered that was told. */
  delivered(): Promise<void>;
  close(): Promise<void>;
}

const origin = "http://127.0.0.1:1";
const language = "fr";
const camille: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language };

/** Open the city that is kept in `store`, founded by whoever comes first. */
export async function aStoredCity(store: Store): Promise<StoredCity> {
  const log = pino({ level: "silent" });
  const ids = createIds(clock);
  const parts = { store, clock, ids, log };
  const queue = createEmbeddedQueue({ ...parts, pollMs: 20 });
  const subscriptions: Feature["on"][number][] = [];
  const outbox = createOutbox({ ...parts, queue, subscriptions });
  const instances = createInstances(store, { clock, ids });
  const views = new URL("../../../views", import.meta.url).pathname;
  const contexts = createContexts({
    ...{ ...parts, queue, outbox, instances, media: aMedia(), limits: noLimits },
    unwantedBy: createUnwanted,
    translatorFor: createTranslators(loadTranslations(views), { strict: false }),
    mailer: {
      send: () => Promise.resolve({ id: "<1@test>" }),
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  });
  const federation = createFederation({
    ...{ contexts, clock, log, version: "0.1.0", allowPrivate: true, makePair: pooledPair },
  });
  const all = [...features, federation.feature];
  subscriptions.push(...all.flatMap((feature) => feature.on));
  await prepare(store, all);
  const known = await instances.byHost("127.0.0.1");
  const instance: Instance =
    known ??
    (await instances.create({
      ...{ name: "Valmont", origin, language, kind: "city", setUpTokenHash: null },
    }));
  return {
    ...{ queue, outbox, citizen: contexts({ instance, member: camille, language }) },
    async start() {
      await startWorkers({ store, queue, instances, contexts, features: all, clock, log });
      await queue.start();
    },
    async delivered() {
      do {
        await queue.idle();
        await new Promise((resolve) => setTimeout(resolve, 50));
      } while (await isBusy(queue));
    },
    async close() {
      await queue.close();
      await outbox.close();
      await federation.close();
      await store.close();
    },
  };
}

async function prepare(store: Store, all: readonly Feature[]): Promise<void> {
  await store.ensureIndexes("instances", instanceIndexes);
  await store.ensureIndexes("intents", intentIndexes);
  await store.ensureIndexes(parkedJobs.name, parkedJobs.indexes);
  for (const def of collectionsOf(all)) {
    await store.ensureIndexes(def.name, scopedIndexes(def.indexes));
  }
}

/** Something waits to be delivered, or is under way. */
async function isBusy(queue: Queue): Promise<boolean> {
  const { waiting, running, delayed } = await queue.counts("delivery");
  return waiting + running + delayed > 0;
}

/** The citizen, a proposal of theirs, and who follows it from where. */
export async function aFollowedProposal(
  citizen: Ctx,
  inboxes: readonly string[],
): Promise<Proposal> {
  await newPerson(citizen, { _id: camille._id, name: camille.name });
  await consentToNetwork(citizen);
  const proposal = await publishProposal(citizen, aDraft());
  for (const [n, target] of inboxes.entries()) {
    const { host } = new URL(target);
    const followerUri = `${new URL(target).origin}/users/f`;
    await citizen.collection(followersCollection).insertOne({
      ...{ _id: `f${n}`, actorUri: `${proposal.uri}/actor`, followerUri, target, host },
      ...{ linked: false, followUri: `${followerUri}/follow`, at: clock.now() },
    });
  }
  return proposal;
}
