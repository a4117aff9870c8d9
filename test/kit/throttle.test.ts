import { expect } from "chai";
import { throttle, throttlesCollection } from "../../src/kit/index.js";
import { expectRefusal } from "../support/builders.js";
import { aCity, closeCities } from "../support/city.js";

const rule = { what: "try", limit: 3, windowMs: 60_000 };

describe("Somebody who tries too often", () => {
  afterEach(closeCities);

  it("is asked to wait, and may go on in the next window", async () => {
    const city = await aCity();
    for (let n = 0; n < 3; n += 1) await throttle(city.visitor, rule, "ada");

    await expectRefusal(throttle(city.visitor, rule, "ada"), "too-many-tries");
    city.clock.advance(60_000);
    await throttle(city.visitor, rule, "ada");
  });

  it("holds up nobody else, nothing else and no other city", async () => {
    const city = await aCity();
    for (let n = 0; n < 3; n += 1) await throttle(city.visitor, rule, "ada");

    await throttle(city.visitor, rule, "bea");
    await throttle(city.visitor, { ...rule, what: "other" }, "ada");
  });

  it("is let through as often as allowed, and no more, when all tries come at once", async () => {
    const city = await aCity();

    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, () => throttle(city.visitor, rule, "ada")),
    );

    expect(tries.filter(({ status }) => status === "fulfilled")).to.have.length(3);
  });

  it("is one household, whatever address of its IPv6 network is used", async () => {
    const city = await aCity();
    const home = ["2001:db8:1:2::1", "2001:0db8:1:2:ffff::2", "2001:db8:1:2:3:4:5:6"];
    for (const address of home) await throttle(city.visitor, rule, address);

    await expectRefusal(throttle(city.visitor, rule, "2001:db8:1:2:9::"), "too-many-tries");
    for (const other of [
      "2001:db8:1:3::1",
      "::1",
      "::ffff:192.0.2.1",
      "192.0.2.1",
      "fe80::1%eth0",
    ]) {
      await throttle(city.visitor, rule, other);
    }
  });

  it("leaves a row that removes itself, of a bounded name", async () => {
    const city = await aCity();
    await throttle(city.visitor, rule, "x".repeat(10_000));

    const window = Math.floor(city.clock.now().getTime() / 60_000);
    const _id = `${city.instance._id}/try/${"x".repeat(200)}/${window}`;
    const row = await city.visitor.collection(throttlesCollection).findOne({ _id });

    expect(row?.expiresAt.getTime()).to.be.within((window + 1) * 60_000, (window + 2) * 60_000);
  });
});
