import { expect } from "chai";
import { createFigures, type Totals } from "../../../src/features/operators/figures.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aDeployment, type Deployment } from "../../support/deployment.js";

describe("The sums over all instances", () => {
  let site: Deployment;
  let ctx: Ctx;
  before(async () => {
    site = await aDeployment();
    await site.city("valmont.example");
    ctx = await site.ctx("valmont.example");
  });
  after(() => site.close());

  /** When they were made, after an instance is measured at a time of that Monday. */
  async function madeAfter(time: string): Promise<string | undefined> {
    const { store, queue, clock } = site.app.drivers;
    const at = new Date(`2026-03-02T${time}Z`);
    site.clock.advance(at.getTime() - site.clock.now().getTime());
    const counted = {
      usage: async () => ({ proposals: 0, comments: 0 }),
      failingPeers: async () => 0,
    };
    const { schedule } = createFigures({ store, queue, clock, counted });
    await schedule.job.run(ctx, {}, { number: 1, of: 1 });
    const totals = await store.collection<Totals>("instance_totals").findOne({ _id: "all" });
    return totals?.at.toISOString().slice(11, 19);
  }

  it("are made once an hour, when there is something to add up, be its measuring early, late or done twice", async () => {
    expect(await madeAfter("08:41:30")).to.equal(undefined);
    expect(await madeAfter("09:41:00")).to.equal("09:41:00");
    expect(await madeAfter("09:41:05")).to.equal("09:41:00");
    expect(await madeAfter("11:05:00")).to.equal("11:05:00");
    expect(await madeAfter("11:41:00")).to.equal("11:41:00");
    expect(await madeAfter("12:40:59")).to.equal("11:41:00");
    expect(await madeAfter("12:41:00")).to.equal("12:41:00");
  });
});
