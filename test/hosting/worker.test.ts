import { expect } from "chai";
import { z } from "zod";
import type { NewJob } from "../../src/drivers/queue/queue.js";
import { defineFeature, defineJob, type ScheduleDef } from "../../src/kit/index.js";
import { aCity, civicFeatures, closeCities } from "../support/city.js";

describe("The work of a city", () => {
  afterEach(closeCities);

  it("comes by the calendar even where no feature names the job elsewhere", async () => {
    const days: string[] = [];
    const job = defineJob({
      name: "bells.ring",
      payload: z.object({}),
      run: async (ctx) => void days.push(ctx.clock.now().toISOString().slice(0, 10)),
    }) as ScheduleDef["job"];
    const bells = defineFeature({
      name: "bells",
      schedules: [{ key: "bells-ring", cron: "17 3 * * *", job }],
    });
    const city = await aCity({ features: [...civicFeatures, bells] });

    await city.later(26 * 3_600_000);

    expect(days).to.have.length(1);
    expect(await city.queue.dead("default", 10)).to.deep.equal([]);
  });

  it("is left, and troubles nobody, for an instance that a restoration has taken back", async () => {
    let rung = 0;
    const job = defineJob({
      name: "bells.ring",
      payload: z.object({}),
      run: async () => void (rung += 1),
    });
    const bells = defineFeature({ name: "bells", jobs: [job as ScheduleDef["job"]] });
    const city = await aCity({ features: [...civicFeatures, bells] });
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const ofOne = (instanceId: string): NewJob => ({
      ...{ id: `bells/${instanceId}`, queue: "default", name: job.name, attempts: 3, backoff },
      data: { instanceId, payload: {} },
    });
    await city.queue.add([ofOne("of-yesterday"), ofOne(city.instance._id)]);

    await city.settle();

    expect(rung).to.equal(1);
    expect(await city.queue.peek("default", ["bells/of-yesterday"])).to.deep.equal([]);
    expect(await city.queue.dead("default", 10)).to.deep.equal([]);
  });
});
