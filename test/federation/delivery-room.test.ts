import { expect } from "chai";
import { pino } from "pino";
import { FetchRefused, type Fetcher } from "../../src/drivers/fetch.js";
import { attempt, type Hands } from "../../src/federation/delivery/attempt.js";
import { createGate } from "../../src/federation/delivery/gate.js";
import { createOrder } from "../../src/federation/delivery/order.js";
import { nobody } from "../../src/federation/outbound/send.js";
import { activitiesCollection, peersCollection } from "../../src/federation/records.js";
import { createServices } from "../../src/federation/services.js";
import { Postpone } from "../../src/kit/index.js";
import { pooledPair } from "./support/pairs.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const inbox = "https://well.example/inbox";

/** What tries deliveries on a machine that can open no connection more. */
function crowdedHands({ contexts, clock }: Town): Hands {
  const services = createServices({
    ...{ contexts, clock, log: pino({ level: "silent" }), version: "0.1.0" },
    ...{ allowPrivate: true, makePair: pooledPair },
  });
  const post: Fetcher["post"] = (url) => Promise.reject(new FetchRefused("no-room", { url }));
  const reachOf: typeof services.reachOf = (instance) => {
    const reach = services.reachOf(instance);
    return { ...reach, fetcher: { ...reach.fetcher, post } };
  };
  return {
    services: { ...services, reachOf },
    order: createOrder(),
    gate: createGate({ ...services.timing, strangersTogether: 32 }),
  };
}

describe("a delivery from a machine that has no room for another connection", () => {
  afterEach(closeTowns);

  it("waits, costs no try, and is not held against the server", async () => {
    const town = await aTown();
    const { visitor: ctx } = town;
    const uri = ctx.instance.url("/activities/a1");
    await ctx.collection(activitiesCollection).insertOne({
      ...{ _id: "a1", key: "k1", uri, type: "Create", objectUri: `${uri}/object`, body: "{}" },
      ...{ actorUri: ctx.instance.url("/actor"), listed: false, audience: nobody },
      ...{ at: ctx.clock.now(), fannedOutAt: null, expiresAt: null },
    });

    const tried = attempt(crowdedHands(town), ctx, { activityId: "a1", inbox }, { number: 1 });

    const error = await tried.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Postpone);
    expect(await ctx.collection(peersCollection).findOne({ host: "well.example" })).to.equal(null);
  });
});
