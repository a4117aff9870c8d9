import { expect } from "chai";
import { createIds } from "../../src/drivers/clock.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { createInstances, instanceIndexes, type Instances } from "../../src/hosting/instances.js";
import { defineFeature, defineJob } from "../../src/kit/index.js";
import type { ScheduleDef } from "../../src/kit/work.js";
import { z } from "zod";
import { until } from "../drivers/queue.conformance.js";
import { aCity, aClock, closeCities } from "../support/city.js";
import { intercepting } from "../support/faults.js";

const hostOf = (number: number): string => `ville-${number}.example`;

async function found(instances: Instances, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    await instances.create({
      ...{ origin: `https://${hostOf(number)}`, name: `Ville ${number}`, language: "fr" },
      ...{ kind: "city", setUpTokenHash: null },
    });
  }
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
