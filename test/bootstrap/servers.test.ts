import { join } from "node:path";
import { expect } from "chai";
import { needs } from "../support/needs.js";
import { aRedis } from "../support/redis.js";
import { root, run } from "./scratch.js";

/**
 * A rule with races, a search through an index, deliveries that wait, a city that is closed and one that is
 * removed: where drivers could differ.
 */
const race = "test/features/supports/supports.test.ts";
const cut = [
  "test/features/proposals/listing.test.ts",
  "test/federation/delivery-order.test.ts",
  "test/hosting/closing.test.ts",
  "test/hosting/removal-chain.test.ts",
];

describe("the tests of features and federation, on MongoDB and Redis", function () {
  this.timeout(110_000);
  needs("mongodb");
  needs("redis");

  it("say the same of a city there as of one on the embedded drivers", async () => {
    const outcome = await run([join(root, "test/run.mjs"), "--engine=servers", ...cut], root);

    expect(outcome.out, outcome.out).to.match(/\n\d+ passed, 0 failed\n$/);
    expect(outcome.code).to.equal(0);
  });

  it(`say so on a Redis of somebody's own, which has in the end what it had before: ${race}`, async () => {
    const redis = await aRedis();
    try {
      await redis.ask("SET theirs kept");

      const asked = [join(root, "test/run.mjs"), "--engine=servers", race];
      const outcome = await run(asked, root, { REDIS_URL: redis.url });

      expect(outcome.out, outcome.out).to.match(/\n\d+ passed, 0 failed\n$/);
      const counted = await redis.ask("INFO commandstats");
      expect(counted, "its jobs were there").to.contain("cmdstat_evalsha");
      expect(await redis.ask("DBSIZE")).to.equal(":1\r\n");
    } finally {
      await redis.remove();
    }
  });

  it("are not run at all on a Redis that does not answer", async () => {
    const asked = [join(root, "test/run.mjs"), "--engine=servers", ...cut];

    const outcome = await run(asked, root, { REDIS_URL: "redis://:secret@127.0.0.1:1" });

    expect(outcome.out)
      .to.contain("The Redis at REDIS_URL does not answer.")
      .and.not.contain("secret");
    expect(outcome.code).to.equal(1);
  });

  it("are not run at all without the servers that were asked for", async () => {
    const asked = [join(root, "test/run.mjs"), "--engine=servers", ...cut];

    const outcome = await run(asked, root, { MONGODB_URL: "" });

    expect(outcome.out).to.contain("Set MONGODB_URL");
    expect(outcome.code).to.equal(1);
  });
});
