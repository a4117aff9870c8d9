import { createApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { systemClock } from "../../src/drivers/clock.js";
import { actorUri, city, collectionUri } from "../../src/federation/addresses.js";
import { createSend, defineFanOut, nobody } from "../../src/federation/outbound/send.js";
import { followersCollection } from "../../src/federation/records.js";
import { createVault } from "../../src/federation/vault.js";
import { queueNames } from "../../src/kit/work.js";
import { takeOrders } from "./control.js";

/**
 * Puts followers and posts into a town's folder while the application serves it: it only stores what
 * a request would store, jobs included; everything after that is the application's own work.
 * The argument is the port of its orders; the environment is that of the town.
 */
const [port = "0"] = process.argv.slice(2);
const config = loadConfig({ ...process.env, LOG_LEVEL: "error" });
const app = await createApp(config);
const instance = await app.instances.byHost(new URL(config.publicUrl).hostname);
if (instance === null) throw new Error("there is no town in that folder");
const ctx = app.contexts({ instance, member: null, language: "fr" });
const author = actorUri(instance, city);
// Only the name is read of this job: the one that runs is the application's own.
const fanOut = defineFanOut(() => Promise.resolve());
const send = createSend(createVault(systemClock), fanOut);

/** Posts of about a kilobyte and a half, each with its proof, to all who follow the town. */
async function sendPost(): Promise<string> {
  const id = ctx.ids.next();
  const uri = instance?.url(`/notes/${id}`) ?? "";
  const everybody = "https://www.w3.org/ns/activitystreams#Public";
  const followers = collectionUri(ctx.instance, city, "followers");
  const { body } = await send(ctx, {
    ...{ key: `bench/${id}`, actor: city, type: "Create", objectUri: uri, listed: false },
    ...{ to: [everybody], cc: [followers], audience: { ...nobody, followersOf: [author] } },
    object: {
      ...{ id: uri, type: "Note", attributedTo: author, to: [everybody], cc: [followers] },
      ...{ published: ctx.clock.now().toISOString(), url: uri },
      content: `<p>${"Une bonne idée pour notre rue. ".repeat(14)}</p>`,
    },
  });
  return body;
}

async function follow(inboxes: readonly string[]): Promise<void> {
  const rows = inboxes.map((target) => {
    const { origin, host } = new URL(target);
    const followerUri = `${origin}/people/a`;
    const at = ctx.clock.now();
    const row = { _id: ctx.ids.next(), actorUri: author, followerUri, target, host };
    return { ...row, linked: false, followUri: `${followerUri}/follows/1`, at };
  });
  for (let from = 0; from < rows.length; from += 1_000) {
    await ctx.collection(followersCollection).insertMany(rows.slice(from, from + 1_000));
  }
}

const orders = takeOrders(Number(port), {
  follow: (inboxes) => follow(inboxes as string[]),
  /** Send that many posts; answers with their bodies once they are stored, not yet delivered. */
  round: async (count) => Promise.all(Array.from({ length: Number(count) }, sendPost)),
  /** Resolves once nothing that may run waits or runs. */
  idle: async () => {
    for (const queue of queueNames) {
      for (;;) {
        const { waiting, running } = await app.drivers.queue.counts(queue);
        if (waiting + running === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  },
});
process.once("SIGTERM", () => {
  orders.close();
  orders.closeAllConnections();
  void app.close().then(() => process.exit(0));
});
