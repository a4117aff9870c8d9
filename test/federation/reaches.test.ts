import { expect } from "chai";
import { pino } from "pino";
import { systemClock } from "../../src/drivers/clock.js";
import { createServices } from "../../src/federation/services.js";
import type { Ctx, Instance } from "../../src/kit/index.js";

describe("what each city has ready for talking with others", () => {
  it("is kept for those that talk, bounded in number however many cities there are", async () => {
    const services = createServices({
      ...{ contexts: () => ({}) as Ctx, clock: systemClock, log: pino({ level: "silent" }) },
      ...{ version: "0.1.0", allowPrivate: false },
    });
    const cityOf = (number: number): Instance => {
      const origin = `https://ville-${number}.example`;
      return { _id: `ville${number}`, origin, url: (path: string) => origin + path } as Instance;
    };
    const [quiet, talking] = [cityOf(1), cityOf(2)];
    const [ofQuiet, ofTalking] = [services.reachOf(quiet), services.reachOf(talking)];

    for (let number = 3; number <= 600; number += 1) {
      services.reachOf(cityOf(number));
      services.reachOf(talking);
    }

    expect(services.reachOf(talking)).to.equal(ofTalking);
    expect(services.reachOf(quiet)).to.not.equal(ofQuiet);
    await services.close();
  });
});
