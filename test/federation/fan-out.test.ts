import { expect } from "chai";
import type { Row, Store } from "../../src/drivers/store/collection.js";
import { createIds } from "../../src/drivers/clock.js";
import { actorUri, city } from "../../src/federation/addresses.js";
import { nextPiece, nobody, type FanOut } from "../../src/federation/outbound/send.js";
import {
  activitiesCollection,
  followersCollection,
  peersCollection,
  type Activity,
} from "../../src/federation/records.js";
import { createInstances } from "../../src/hosting/instances.js";
import { concurrency } from "../../src/hosting/worker.js";
import { Postpone, type Ctx, type JobDef } from "../../src/kit/index.js";
import { aGate, until } from "../drivers/queue.conformance.js";
import { changed } from "../support/faults.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const far = "far.example";
const which = { number: 1, of: 12 };

describe("an activity of a city with many followers", function () {
  this.timeout(60_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("lets another city's be sent before its own last pages, however many there are", async () => {
    const pages = pagesRead();
    const town = await aTown({ storeThrough: pages.through });
    const [great, small] = [town.visitor, await anotherCity(town)];
    await farAway(great);
    await follow(great, 1_600, (n) => `https://${far}/u${n}/inbox`);
    await follow(small, 1, () => `https://${far}/inbox`);
    const gate = aGate();
    pages.wait = gate.opened;
    const places = concurrency.default;
    for (let n = 0; n < places; n += 1) await told(town, great, `a${n}`);
    await until(() => pages.of(great).length === places);
    await told(town, small, "b");

    gate.open();
    await town.settle();

    const [its = Infinity] = pages.of(small);
    const before = pages.of(great).filter((at) => at < its);
    expect(pages.of(great)).to.have.length(17 * places);
    // The first pages of each, and of some the next: those that let others pass are never left out for long.
    expect(before.length).to.be.at.most(10 * places);
    for (const id of ["a0", `a${places - 1}`]) expect((await row(great, id)).fannedOutAt).to.exist;
    expect((await row(small, "b")).fannedOutAt).to.not.equal(null);
  });

  it("goes on where it was when its process dies, and hands out no page a second time", async () => {
    const pages = pagesRead();
    const town = await aTown({ storeThrough: pages.through, asleep: true });
    const ctx = town.visitor;
    await farAway(ctx);
    await follow(ctx, 900, (n) => `https://${far}/u${n}/inbox`);
    const payload = await told(town, ctx, "a");

    await fanOutOf(town).run(ctx, payload, which);
    const before = pages.of(ctx).length;
    await fanOutOf(town).run(ctx, payload, { number: 2, of: 12 });
    const again = pages.of(ctx).length;
    const sweep = town.federation.feature.jobs.find(({ name }) => name === "federation.sweep");
    town.clock.advance(120_000);
    await sweep?.run(ctx, {}, { number: 1, of: 1 });
    await town.queue.start();
    await town.settle();

    expect([before > 0, again]).to.deep.equal([true, before]);
    expect(pages.of(ctx)).to.have.length(10);
    expect((await row(ctx, "a")).fannedOutAt).to.not.equal(null);
  });

  it("lets others pass with all but its first inboxes, which are few where many follow", async () => {
    const town = await aTown({ asleep: true });
    const ctx = town.visitor;
    const proposal = ctx.instance.url("/proposals/1/actor");
    await follow(ctx, 150, (n) => `https://${far}/u${n}/inbox`);
    await follow(ctx, 60, (n) => `https://${far}/v${n}/inbox`, proposal);
    const prompt = new Map<string, number>();
    const watched: Ctx = {
      ...ctx,
      enqueueAll: async (_job, items) => {
        for (const { payload, options } of items) {
          const { activityId, inbox } = payload as { activityId: string; inbox?: string };
          const waitsForNobody = inbox !== undefined && (options?.yieldsMs ?? 0) === 0;
          prompt.set(activityId, (prompt.get(activityId) ?? 0) + (waitsForNobody ? 1 : 0));
        }
      },
    };

    for (const [id, followed] of [
      ["many", actorUri(ctx.instance, city)],
      ["few", proposal],
    ] as const) {
      const payload = await told(town, ctx, id, { followersOf: [followed] });
      await fanOutOf(town).run(watched, payload, which);
    }

    expect(prompt.get("many")).to.equal(20);
    expect(prompt.get("few")).to.equal(60);
  });

  it("reaches each inbox once, in whatever lists it stands and however far apart", async () => {
    const [town, peer] = [await aTown(), await aPeer()];
    const ctx = town.visitor;
    await farAway(ctx);
    const proposal = ctx.instance.url("/proposals/1/actor");
    const inboxOf = (n: number): string =>
      n % 500 === 1 ? `${peer.origin}/u${n}/inbox` : `https://${far}/u${n}/inbox`;
    await follow(ctx, 1_200, inboxOf);
    await follow(ctx, 1_200, inboxOf, proposal);
    // Many whom one inbox serves.
    await follow(ctx, 250, () => `${peer.origin}/inbox`, ctx.instance.url("/topics/t/actor"));
    await follow(ctx, 250, () => `${peer.origin}/inbox`, `${proposal}s`);
    const followersOf = [
      ...[actorUri(ctx.instance, city), proposal],
      ...[ctx.instance.url("/topics/t/actor"), `${proposal}s`],
    ];
    const inboxes = [`${peer.origin}/u1/inbox`, `${peer.origin}/named`];

    await told(town, ctx, "a", { followersOf, inboxes });
    await until(async () => (await row(ctx, "a")).fannedOutAt !== null);
    await town.settle();

    expect(peer.received.map(({ path }) => path).sort()).to.deep.equal(
      ["/u1/inbox", "/u501/inbox", "/u1001/inbox", "/inbox", "/named"].sort(),
    );
  });
});

describe("what a server has missed", function () {
  this.timeout(30_000);
  afterEach(closeTowns);

  it("is handed out some at a time when it is back, and others are let pass in between", async () => {
    const town = await aTown({ asleep: true });
    const ctx = town.visitor;
    const owed = ctx.ids.next();
    const missed = Array.from({ length: 450 }, () => anActivity(ctx, ctx.ids.next()));
    await ctx.collection(activitiesCollection).insertMany(missed);
    const peers = ctx.collection(peersCollection);
    await peers.updateOne(
      { host: far },
      { $set: { owed, failures: 0 }, $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.send-owed");
    if (job === undefined) throw new Error("nothing is sent that was missed");

    const first = await Promise.resolve(job.run(ctx, { host: far } as never, which)).catch(
      (error: unknown) => error,
    );
    const after = await peers.findOne({ host: far });
    await ctx.enqueue(job as unknown as JobDef<{ host: string }>, { host: far });
    await town.queue.start();
    await until(async () => (await peers.findOne({ host: far }))?.owed === null);

    expect(first).to.be.instanceOf(Postpone);
    expect(after?.owed).to.equal(missed[199]?._id);
  });
});

function fanOutOf(town: Town): FanOut {
  const found = town.federation.feature.jobs.find(({ name }) => name === "federation.fan-out");
  if (found === undefined) throw new Error("nothing fans out");
  return found as unknown as FanOut;
}

/** An activity to whoever follows a city, stored and handed on. */
async function told(
  town: Town,
  ctx: Ctx,
  _id: string,
  audience: Partial<Activity["audience"]> = {},
) {
  const followersOf = [actorUri(ctx.instance, city)];
  const activity = anActivity(ctx, _id, { followersOf, ...audience });
  await ctx.collection(activitiesCollection).insertOne(activity);
  const piece = nextPiece({ _id });
  await ctx.enqueueAll(fanOutOf(town), [piece]);
  return piece.payload;
}

function anActivity(ctx: Ctx, _id: string, audience: Partial<Activity["audience"]> = {}): Activity {
  const actor = actorUri(ctx.instance, city);
  const uri = ctx.instance.url(`/activities/${_id}`);
  const body = JSON.stringify({ id: uri, type: "Create", actor });
  return {
    ...{ _id, key: _id, uri, actorUri: actor, type: "Create", objectUri: `${uri}/object`, body },
    ...{ audience: { ...nobody, ...audience }, at: ctx.clock.now(), listed: false },
    ...{ fannedOutAt: null, expiresAt: null },
  };
}

async function row(ctx: Ctx, _id: string): Promise<Activity> {
  const found = await ctx.collection(activitiesCollection).findOne({ _id });
  if (found === null) throw new Error(`no activity ${_id}`);
  return found;
}

async function anotherCity(town: Town): Promise<Ctx> {
  const { clock, contexts } = town;
  const instance = await createInstances(town.store, { clock, ids: createIds(clock) }).create({
    ...{ name: "Montclar", origin: "https://montclar.example", kind: "city", language: "fr" },
    setUpTokenHash: null,
  });
  return contexts({ instance, member: null, language: "fr" });
}

/** The far server is unavailable: what goes there is found, and not sent. */
async function farAway(ctx: Ctx): Promise<void> {
  const since = ctx.clock.now();
  await ctx.collection(peersCollection).updateOne(
    { host: far },
    {
      $set: { unavailableSince: since, failures: 7 },
      $setOnInsert: { _id: ctx.ids.next() },
    },
    { upsert: true },
  );
}

async function follow(
  ctx: Ctx,
  count: number,
  inboxOf: (n: number) => string,
  followed = actorUri(ctx.instance, city),
): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => {
    const target = inboxOf(n);
    const { origin, host } = new URL(target);
    const followerUri = `${origin}/users/${n}`;
    return {
      ...{ _id: ctx.ids.next(), actorUri: followed, followerUri, target, host, linked: false },
      ...{ followUri: `${followerUri}/follow/${followed}`, at: ctx.clock.now() },
    };
  });
  await ctx.collection(followersCollection).insertMany(rows);
}

interface PagesRead {
  through(this: void, store: Store): Store;
  /** Pages are read when this is kept. */
  wait: Promise<void>;
  /** Where the pages of a city's followers stand among all that were read. */
  of(ctx: Ctx): number[];
}

/** Notes whose followers are read, page by page. */
function pagesRead(): PagesRead {
  const read: string[] = [];
  const pages: PagesRead = {
    wait: Promise.resolve(),
    of: ({ instance }) => read.flatMap((id, at) => (id === instance._id ? [at] : [])),
    through: (store) => ({
      ...store,
      collection: <T extends Row>(name: string) => {
        const inner = store.collection<T>(name);
        if (name !== followersCollection.name) return inner;
        return changed(inner, {
          find: (filter, options) => {
            const cursor = inner.find(filter, options);
            const { instanceId, target } = filter as Record<string, unknown>;
            const isPage = typeof target === "object" && target !== null && "$gt" in target;
            if (!isPage) return cursor;
            read.push(String(instanceId));
            return changed(
              cursor as never,
              {
                toArray: async () => {
                  await pages.wait;
                  return cursor.toArray();
                },
              } as never,
            ) as unknown as typeof cursor;
          },
        });
      },
      ensureIndexes: (...asked) => store.ensureIndexes(...asked),
      collectionNames: () => store.collectionNames(),
      check: () => store.check(),
      bytes: () => store.bytes(),
      close: () => store.close(),
    }),
  };
  return pages;
}
