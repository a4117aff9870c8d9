import { expect } from "chai";
import { pino } from "pino";
import { createIds } from "../../src/drivers/clock.js";
import { createSpool } from "../../src/drivers/queue/bullmq-spool.js";
import { queueTables } from "../../src/drivers/queue/queue-tables.js";
import { createInstances, type Instances } from "../../src/hosting/instances.js";
import { instanceOfJob, jobFor } from "../../src/hosting/outbox.js";
import { createRemoval } from "../../src/hosting/removal.js";
import type { Ctx, Feature, Instance, JobDef } from "../../src/kit/index.js";
import { rejection } from "../drivers/store.conformance-support.js";
import { aCity, civicFeatures, closeCities, type City } from "../support/city.js";
import { aMedia } from "../support/media.js";

const day = 24 * 3_600_000;
const firstTry = { number: 1, of: 9 };

describe("The farewell of a deleted city", () => {
  let city: City;
  let instances: Instances;
  let removal: Feature;
  let said: Array<string | undefined>;
  let deliveries: number;
  /** Of how many parts the queue is, and which were looked through. */
  let parts: number;
  let lookedAt: string[];
  /** Done before the next account is told. */
  let meanwhile: (() => Promise<void>) | null;
  /** Ids of the links that were added. */
  let links: string[];

  /** Five accounts to tell of, one at a time. */
  async function say(_ctx: Ctx, upTo: string | undefined): Promise<string | null> {
    const act = meanwhile;
    meanwhile = null;
    await act?.();
    said.push(upTo);
    const next = Number(upTo ?? 0) + 1;
    return next > 5 ? null : String(next);
  }

  /** A queue of so many parts. */
  async function forget(owner: string, from: string | null): Promise<string | null> {
    lookedAt.push(`${owner}/${from ?? "0"}`);
    const next = Number(from ?? 0) + 1;
    return next === parts ? null : String(next);
  }

  beforeEach(async () => {
    lookedAt = [];
    parts = 1;
    [said, links, deliveries, meanwhile] = [[], [], 0, null];
    city = await aCity({ features: civicFeatures, asleep: true });
    const { store, clock } = city;
    instances = createInstances(store, { clock, ids: createIds(clock) });
    const counts = { delayed: 0, running: 0, dead: 0 };
    removal = createRemoval({
      ...{ store, clock, instances, media: aMedia(), beside: [], collections: () => [] },
      farewell: { say, needs: [], lastsMs: day },
      queue: { counts: async () => ({ ...counts, waiting: deliveries }), forget },
    });
    const at = clock.now();
    await city.visitor.changeInstance({
      state: "leaving",
      deletion: { before: "active", at, until: at },
    });
  });
  afterEach(closeCities);

  const now = async (): Promise<Instance> => (await instances.byId(city.instance._id))!;

  /** One delivery of a job of the removal, as a worker that begins now sees the instance. */
  async function deliver(job: Pick<JobDef<Record<string, never>>, "run">): Promise<void> {
    const enqueue: Ctx["enqueue"] = async (_job, _payload, options) => {
      links.push(options?.id ?? "by chance");
    };
    await job.run({ ...city.visitor, instance: await now(), enqueue }, {}, firstTry);
  }
  const link = () => removal.jobs[0] as JobDef<Record<string, never>>;
  const due = () => removal.schedules[0]!.job;

  it("is told of each account once, though every job is delivered twice at the same time", async () => {
    for (let n = 0; n < 6; n += 1) await Promise.all([deliver(link()), deliver(link())]);

    const { deletion } = await now();
    expect(new Set(said)).to.deep.equal(new Set([undefined, "1", "2", "3", "4", "5"]));
    expect(deletion).to.include({ step: 6, toldUpTo: "5" });
    expect(deletion?.toldAt).to.deep.equal(city.clock.now());
    expect(links.map((id) => id.split("/").at(-1))).to.deep.equal(["1", "2", "3", "4", "5", "6"]);
  });

  it("goes on in one chain when one of two was slow, and never goes back", async () => {
    meanwhile = async () => {
      await deliver(link());
      await deliver(link());
    };

    await deliver(link());

    expect(said).to.deep.equal([undefined, "1", undefined]);
    expect((await now()).deletion).to.include({ step: 2, toldUpTo: "2" });
    expect(links).to.have.length(2);
  });

  it("is begun again by the calendar under the name that the next job has already", async () => {
    await deliver(due());
    await deliver(link());
    await deliver(due());

    const { _id } = city.instance;
    expect(links).to.deep.equal([`remove/${_id}/0`, `remove/${_id}/1`, `remove/${_id}/1`]);
  });

  it("has every part of the queue looked through for its jobs at the end, however long that is", async () => {
    const { _id } = city.instance;
    const at = city.clock.now();
    parts = 45;
    await city.visitor.changeInstance({
      state: "gone",
      deletion: { before: "active", at, until: at, goneAt: at },
    });
    await deliver(link());
    expect(lookedAt).to.deep.equal([]);

    city.clock.advance(day);
    for (let n = 0; n < 3; n += 1) await Promise.all([deliver(link()), deliver(link())]);

    const all = Array.from({ length: parts }, (_, n) => `${_id}/${n}`);
    expect([...new Set(lookedAt)]).to.deep.equal(all);
    expect((await now()).deletion?.removedAt).to.deep.equal(city.clock.now());
    expect(links).to.deep.equal([`remove/${_id}/1`, `remove/${_id}/2`]);
  });

  it("leaves no job behind that Redis could not take, of it alone", async () => {
    const { store, clock } = city;
    const at = clock.now();
    const rows = queueTables(store).spool;
    const nothing = async (): Promise<undefined> => undefined;
    const shelves = { isUp: async () => false, add: nothing, check: nothing, peek: async () => [] };
    const spool = createSpool({
      ...{ rows, shelves, clock, log: pino({ level: "silent" }), ownerOf: instanceOfJob },
    });
    for (const instanceId of [city.instance._id, "roche"]) {
      const when = { id: `greet/${instanceId}`, delayMs: day };
      await spool.add([jobFor(due() as JobDef<unknown>, { instanceId, payload: {} }, when)]);
    }
    await city.visitor.changeInstance({
      state: "gone",
      deletion: { before: "active", at, until: at, goneAt: at },
    });

    await deliver(link());

    expect((await rows.find({}).toArray()).map(({ owner }) => owner)).to.deep.equal(["roche"]);
  });

  it("waits while many deliveries wait, and costs its job no try", async () => {
    deliveries = 1_001;
    const put = await rejection(deliver(link()));
    expect([said, links]).to.deep.equal([[], []]);

    deliveries = 1_000;
    await deliver(link());

    expect(put).to.include({ name: "Postpone" });
    expect(said).to.deep.equal([undefined]);
  });
});
