import { expect } from "chai";
import { createIds } from "../../src/drivers/clock.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { HostTaken, type StoredInstance } from "../../src/hosting/instance-names.js";
import {
  createInstances,
  instanceIndexes,
  type Instances,
  type NewInstance,
} from "../../src/hosting/instances.js";
import { defineFeature, defineJob } from "../../src/kit/index.js";
import type { ScheduleDef } from "../../src/kit/work.js";
import { z } from "zod";
import { until } from "../drivers/queue.conformance.js";
import { aCity, aClock, closeCities } from "../support/city.js";
import { openEngine } from "../support/engine.js";
import { intercepting } from "../support/faults.js";

const hostOf = (number: number): string => `ville-${number}.example`;

const cityOf = (number: number): NewInstance => ({
  ...{ origin: `https://${hostOf(number)}`, name: `Ville ${number}`, language: "fr" },
  ...{ kind: "city", setUpTokenHash: null },
});

async function found(instances: Instances, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) await instances.create(cityOf(number));
}

describe("Many cities on one deployment", function () {
  this.timeout(20_000);
  afterEach(closeCities);

  it("are read when they are asked for, kept while they are, and no more than there is room for", async () => {
    const clock = aClock();
    let reads = 0;
    const bare = openSqliteStore(":memory:");
    await bare.ensureIndexes("instances", instanceIndexes);
    const store = intercepting(["instances", "findOne"], (call) => {
      reads += 1;
      return call();
    })(bare);
    const instances = createInstances(store, { clock, ids: createIds(clock), most: 3, keptMs: 0 });
    await found(instances, 4);
    reads = 0;
    const visit = async (...numbers: number[]): Promise<number> => {
      const before = reads;
      for (const number of numbers) await instances.byHost(hostOf(number));
      return reads - before;
    };

    expect(await visit(1, 2, 3)).to.equal(3);
    expect(await visit(1, 2, 3, 1)).to.equal(0);
    expect(await visit(4)).to.equal(1);
    expect(await visit(1, 3, 4)).to.equal(0);
    expect(await visit(2)).to.equal(1);
    await bare.close();
  });

  it("lead by each name to one of them alone, whoever asks for it at the same moment", async () => {
    const clock = aClock();
    const { store } = await openEngine({ clock });
    await store.ensureIndexes("instances", instanceIndexes);
    // Two processes: each sees that nobody has the names before the other one writes.
    const [one, other] = [0, 1].map(() => createInstances(store, { clock, ids: createIds(clock) }));
    const made = (instances: Instances | undefined, number: number, ...aliases: string[]) =>
      instances?.create({ ...cityOf(number), aliases }).then(
        () => "made",
        (error: unknown) => (error instanceof HostTaken ? error.message : error),
      );
    const alias = "www.ville.example";

    const sameAlias = await Promise.all([made(one, 1, alias), made(other, 2, alias)]);
    const aliasAndHost = await Promise.all([made(one, 3, hostOf(4)), made(other, 4)]);
    const later = await made(one, 5, "neu.example", alias);
    const itsOwn = await made(one, 6, hostOf(6).toUpperCase(), hostOf(6));

    expect(sameAlias.toSorted()).to.deep.equal(["made", alias]);
    expect(aliasAndHost.toSorted()).to.deep.equal(["made", hostOf(4)]);
    expect([later, itsOwn]).to.deep.equal([alias, "made"]);
    await store.close();
  });

  it("keep their names where a release without that rule wrote them", async () => {
    const clock = aClock();
    const { store } = await openEngine({ clock, scans: true });
    const instances = createInstances(store, { clock, ids: createIds(clock) });
    const before = store.collection<StoredInstance>("instances");
    const aliases = ["www.ville.example"];
    await found(instances, 2);
    await before.updateMany({}, { $set: { aliases }, $unset: { names: "" } });

    await store.ensureIndexes("instances", instanceIndexes);

    const third = instances.create({ ...cityOf(3), aliases });
    expect(await third.catch((error: unknown) => error)).to.be.instanceOf(HostTaken);
    expect(await instances.byHost("www.ville.example")).to.not.equal(null);
    await store.close();
  });

  it("are each worked for by the calendar, whatever becomes of the others' work", async () => {
    const worked: string[] = [];
    const job = defineJob({
      name: "test.round",
      payload: z.object({}),
      attempts: 1,
      async run({ instance }) {
        worked.push(instance.host);
        if (instance.host === hostOf(2)) throw new Error("this one always fails");
      },
    }) as ScheduleDef["job"];
    const schedule: ScheduleDef = { key: "test-round", cron: "*/5 * * * *", job };
    const feature = defineFeature({ name: "test", schedules: [schedule], jobs: [job] });
    const city = await aCity({ features: [feature] });
    const ids = createIds(city.clock);
    const instances = createInstances(city.store, { clock: city.clock, ids });
    await found(instances, 1_100);
    const third = await instances.byHost(hostOf(3));
    await instances.update(third?._id ?? "", { state: "suspended" });

    city.clock.advance(5 * 60_000);
    await until(() => worked.length >= 1_100);
    await city.settle();

    const wanted = [
      city.instance.host,
      ...Array.from({ length: 1_100 }, (_, at) => hostOf(at + 1)),
    ];
    expect(worked.toSorted()).to.deep.equal(wanted.filter((host) => host !== hostOf(3)).toSorted());
  });
});
