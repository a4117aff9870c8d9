import { join } from "node:path";
import { expect } from "chai";
import { needs } from "../support/needs.js";
import { root, run } from "./scratch.js";

/**
 * A rule with races, a search through an index, deliveries that wait, a city that is closed and one that is
 * removed: where drivers could differ.
 */
const cut = [
  "test/features/supports/supports.test.ts",
  "test/features/proposals/listing.test.ts",
  "test/federation/delivery-order.test.ts",
  "test/hosting/closing.test.ts",
  "test/hosting/removal-chain.test.ts",
];

describe("the tests of features and federation, on MongoDB and Redis", function () {
  this.timeout(110_000);
  needs("mongodb");
  needs("redis");

  for (const file of cut) {
    it(`say the same of a city there as of one on the embedded drivers: ${file}`, async () => {
      const outcome = await run([join(root, "test/run.mjs"), "--engine=servers", file], root);

      expect(outcome.out).to.match(/\n\d+ passed, 0 failed\n$/);
      expect(outcome.code).to.equal(0);
    });
  }

  it("are not run at all without the servers that were asked for", async () => {
    const asked = [join(root, "test/run.mjs"), "--engine=servers", ...cut];

    const outcome = await run(asked, root, { MONGODB_URL: "" });

    expect(outcome.out).to.contain("Set MONGODB_URL");
    expect(outcome.code).to.equal(1);
  });
});
