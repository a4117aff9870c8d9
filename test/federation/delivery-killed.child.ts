import { pino } from "pino";
import { createIds, systemClock as clock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { Row, Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { features } from "../../src/features.js";
import {
  commentsCollection,
  editComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import { consentToNetwork, newPerson } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createFederation } from "../../src/federation/federation.feature.js";
import { followersCollection } from "../../src/federation/records.js";
import { createContexts } from "../../src/hosting/contexts.js";
import { createInstances, instanceIndexes } from "../../src/hosting/instances.js";
import { createOutbox, intentIndexes } from "../../src/hosting/outbox.js";
import { scopedIndexes } from "../../src/hosting/scoped-store.js";
import { startWorkers } from "../../src/hosting/worker.js";
import { createTranslators, loadTranslations } from "../../src/kit/i18n/index.js";
import type { Ctx, Feature, Member } from "../../src/kit/index.js";
import { throttlesCollection } from "../../src/kit/throttle.js";
import { aDraft } from "../support/builders.js";
import { unwantedNow } from "../../src/federation/policy/policy.js";
import { aMedia } from "../support/media.js";
import { pooledPair } from "./support/pairs.js";

const [storePath = "", inboxes = "", step = "none"] = process.argv.slice(2);
const origin = "http://127.0.0.1:1";
const language = "fr";

/** Where the process dies: before or after a call of the store. */
const deaths: Readonly<Record<string, readonly [string, string, RegExp, "before" | "after"]>> = {
  "fanned-out": ["activities", "updateOne", /fannedOutAt/, "before"],
  claimed: ["peers", "findOne", /host/, "after"],
  sent: ["queue_jobs", "deleteMany", /deliver\//, "before"],
};

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

function deadly(store: Store): Store {
  const death = deaths[step];
  if (death === undefined) return store;
  const [collection, method, said, when] = death;
  return {
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      if (name !== collection) return inner;
      return new Proxy(inner, {
        get(target, property) {
          const member = Reflect.get(target, property) as unknown;
          if (property !== method || typeof member !== "function") return member;
          return async (...given: unknown[]): Promise<unknown> => {
            const isIt = said.test(JSON.stringify(given));
            if (isIt && when === "before") die();
            const result = (await member.apply(target, given)) as unknown;
            if (isIt) die();
            return result;
          };
        },
      });
    },
  };
}

const store = deadly(openSqliteStore(storePath));
const log = pino({ level: "silent" });
const ids = createIds(clock);
const parts = { store, clock, ids, log };
const queue = createEmbeddedQueue({ ...parts, pollMs: 20 });
const subscriptions: Feature["on"][number][] = [];
const outbox = createOutbox({ ...parts, queue, subscriptions });
const instances = createInstances(store, clock, ids);
const views = new URL("../../views", import.meta.url).pathname;
const contexts = createContexts({
  ...{ ...parts, queue, outbox, instances, media: aMedia() },
  unwanted: unwantedNow,
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

async function prepare(): Promise<Ctx> {
  await store.ensureIndexes("instances", instanceIndexes);
  await store.ensureIndexes("intents", intentIndexes);
  for (const def of [...all.flatMap((feature) => feature.collections), throttlesCollection]) {
    await store.ensureIndexes(def.name, scopedIndexes(def.indexes));
  }
  const instance =
    (await instances.byHost("127.0.0.1")) ??
    (await instances.create({
      ...{ name: "Valmont", origin, language, kind: "city", setUpTokenHash: null },
    }));
  const visitor = contexts({ instance, member: null, language });
  const member: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language };
  return { ...visitor, ...contexts({ instance, member, language }) };
}

/** A citizen, their proposal, and who follows it from where. */
async function found(ctx: Ctx): Promise<string> {
  await newPerson(ctx, { _id: "camille", name: "Camille" });
  await consentToNetwork(ctx);
  const proposal = await publishProposal(ctx, aDraft());
  for (const [n, target] of inboxes.split(",").entries()) {
    const { host } = new URL(target);
    const followerUri = `${new URL(target).origin}/users/f`;
    await ctx.collection(followersCollection).insertOne({
      ...{ _id: `f${n}`, actorUri: `${proposal.uri}/actor`, followerUri, target, host },
      ...{ linked: false, followUri: `${followerUri}/follow`, at: clock.now() },
    });
  }
  return proposal._id;
}

const ctx = await prepare();
const [last] = await ctx.collection(commentsCollection).find({}, { limit: 1 }).toArray();
const proposalId = last?.proposalId ?? (await found(ctx));
await startWorkers({ queue, instances, contexts, features: all, clock, log });
await queue.start();
await outbox.sweep(0);
const body = `${step} 1.`;
const comment = await publishComment(ctx, { proposalId, parentId: null, body });
await editComment(ctx, comment._id, { body: `${step} 2.` });
do {
  await queue.idle();
  await new Promise((resolve) => setTimeout(resolve, 50));
} while ((await queue.counts("delivery")).delayed > 0);
const comments = await ctx.collection(commentsCollection).find({}, { limit: 50 }).toArray();
process.stdout.write(JSON.stringify(comments.map(({ uri, html }) => [uri, html])));
await queue.close();
await outbox.close();
await federation.close();
await store.close();
