import { expect } from "chai";
import { pino } from "pino";
import { z } from "zod";
import { createIds } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { ScheduleRow } from "../../src/drivers/queue/queue-tables.js";
import type { IndexSpec, Row } from "../../src/drivers/store/collection.js";
import { openSqliteStore, type SqliteStore } from "../../src/drivers/store/sqlite.js";
import { collectionsOf, ensureIndexes } from "../../src/hosting/collections.js";
import { latestIn } from "../../src/hosting/declarations.js";
import { createInstances } from "../../src/hosting/instances.js";
import { startWorkers } from "../../src/hosting/worker.js";
import { defineFeature, defineJob, type Feature, type ScheduleDef } from "../../src/kit/index.js";
import { defineCollection } from "../../src/kit/records.js";
import { aClock, type TestClock } from "../support/city.js";

interface Release {
  readonly version: string;
  readonly fields: readonly string[];
  /** Lines of the calendar, by their keys. */
  readonly calendar: Readonly<Record<string, string>>;
}

const log = pino({ level: "silent" });
const present: Release = {
  ...{ version: "1.9.0", fields: ["n", "old"] },
  calendar: { digests: "0 7 * * *", bells: "0 8 * * *" },
};
const next: Release = {
  ...{ version: "1.10.0", fields: ["n", "mail"] },
  calendar: { digests: "30 6 * * *", sweep: "0 9 * * *" },
};

function featureOf({ fields, calendar }: Release): Feature {
  const indexes = fields.map((field): IndexSpec => ({ keys: { [field]: 1 } }));
  const schedules = Object.entries(calendar).map(([key, cron]): ScheduleDef => {
    const job = defineJob({
      name: `${key}.run`,
      payload: z.object({}),
      run: async () => undefined,
    });
    return { key, cron, job: job as ScheduleDef["job"] };
  });
  return defineFeature({
    name: "things",
    collections: [defineCollection<Row>("things", indexes)],
    schedules,
  });
}

describe("A store that two releases serve", () => {
  let store: SqliteStore;
  let clock: TestClock;

  beforeEach(() => {
    clock = aClock();
    store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  });
  afterEach(() => store.close());

  interface Meanwhile {
    /** Done once it is known whether there was a later release, before anything is made of that. */
    readonly indexes?: () => Promise<unknown>;
    readonly calendar?: () => Promise<unknown>;
  }

  function followedBy(isLatest: () => Promise<boolean>, act = async (): Promise<unknown> => null) {
    let acting: (() => Promise<unknown>) | null = act;
    return async () => {
      const answer = await isLatest();
      const next = acting;
      acting = null;
      await next?.();
      return answer;
    };
  }

  /** A worker of a release starts and stops; these indexes and this calendar are left. */
  async function start(release: Release, meanwhile: Meanwhile = {}) {
    clock.advance(1_000);
    const features = [featureOf(release)];
    const { version } = release;
    const isLatest = latestIn({ store, clock }, { version, features, beside: [] });
    await ensureIndexes(
      { store, log, isLatest: followedBy(isLatest, meanwhile.indexes) },
      { scoped: collectionsOf(features), beside: [] },
    );
    const ids = createIds(clock);
    const queue = createEmbeddedQueue({ store, clock, ids, log });
    const instances = createInstances(store, { clock, ids });
    const contexts = (): never => expect.fail("nothing is run");
    const own = { store, queue, instances, contexts, features };
    await startWorkers({
      ...{ ...own, clock, log },
      isLatest: followedBy(isLatest, meanwhile.calendar),
    });
    await queue.close(1_000);
    return { indexes: await indexed(), calendar: await calendar() };
  }
  const indexed = async (): Promise<string[]> => {
    const specs = await store.indexesOf("things");
    return specs.map(({ keys }) => Object.keys(keys).slice(1).join()).sort();
  };
  const calendar = async (): Promise<Record<string, string>> => {
    const features = { _id: { $ne: "hosting-parked" } };
    const rows = await store.collection<ScheduleRow>("queue_schedules").find(features).toArray();
    return Object.fromEntries(rows.map(({ _id, cron }) => [_id, cron]));
  };
  const asOf = ({ fields, calendar: lines }: Release) => ({
    ...{ indexes: [...fields].sort(), calendar: lines },
  });

  it("is as the later one declares it, to which a process of the one before adds and nothing else", async () => {
    expect(await start(present)).to.deep.equal(asOf(present));
    expect(await start(next)).to.deep.equal(asOf(next));

    expect(await start(present)).to.deep.equal({
      indexes: ["mail", "n", "old"],
      calendar: { ...present.calendar, ...next.calendar },
    });
    expect(await start(next)).to.deep.equal(asOf(next));
  });

  it("is as the latest declares it after an upgrade, a way back and an upgrade again", async () => {
    await start(present);
    await start(next);
    await start(present);
    const asBefore: Release = { ...present, version: "1.11.0" };

    expect(await start(asBefore)).to.deep.equal(asOf(asBefore));
    await start(next);
    expect(await start(asBefore)).to.deep.equal(asOf(asBefore));
  });

  it("keeps what a later release made when an earlier one comes that was never here", async () => {
    await start(next);
    await start(present);
    await start({ ...present, version: "1.10.0-rc.2" });

    const kept = await start(next);

    expect(kept).to.deep.equal(asOf(next));
  });

  const first: Release = {
    ...{ version: "1.8.0", fields: ["n", "older"] },
    calendar: { digests: "0 6 * * *", gone: "0 5 * * *" },
  };

  it("loses no index of a later release that comes just after the one before saw itself as the latest", async () => {
    await start(first);

    const { indexes } = await start(present, { indexes: () => start(next) });

    expect(indexes).to.include.members(next.fields);
  });

  it("loses no line of a later release's calendar that comes just after", async () => {
    await start(first);

    const { calendar: kept } = await start(present, { calendar: () => start(next) });

    expect(kept).to.include(next.calendar);
  });

  it("is as the newest sources declare it while their version stays the same", async () => {
    await start({ ...present, version: "1.0.0" });
    const changed = { ...next, version: "1.0.0" };

    expect(await start(changed)).to.deep.equal(asOf(changed));
    expect((await start({ ...present, version: "1.0.0" })).indexes).to.include("mail");
  });
});
