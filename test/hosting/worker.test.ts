import { expect } from "chai";
import { z } from "zod";
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
});
