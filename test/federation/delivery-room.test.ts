import { expect } from "chai";
import { pino } from "pino";
import { FetchRefused, type Fetcher, type FetchRefusedCode } from "../../src/drivers/fetch.js";
import { attempt, type Hands } from "../../src/federation/delivery/attempt.js";
import { createGate } from "../../src/federation/delivery/gate.js";
import { createLookAgain } from "../../src/federation/delivery/gone.js";
import { createOrder } from "../../src/federation/delivery/order.js";
import { nobody } from "../../src/federation/outbound/send.js";
import { activitiesCollection, peersCollection } from "../../src/federation/records.js";
import { createServices } from "../../src/federation/services.js";
import { GiveUp, Postpone, RetryLater } from "../../src/kit/index.js";
import { pooledPair } from "./support/pairs.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const inbox = "https://well.example/inbox";

/** What tries deliveries on a machine that does not send them, for one reason; notes what became of them. */
function handsWithout(
  code: FetchRefusedCode,
  { contexts, clock }: Town,
  outcomes: string[],
): Hands {
  const services = createServices({
    ...{ contexts, clock, log: pino({ level: "silent" }), version: "0.1.0" },
    ...{ allowPrivate: true, makePair: pooledPair },
    delivered: (outcome) => void outcomes.push(outcome),
  });
  const post: Fetcher["post"] = (url) => Promise.reject(new FetchRefused(code, { url }));
  const reachOf: typeof services.reachOf = (instance) => {
    const reach = services.reachOf(instance);
    return { ...reach, fetcher: { ...reach.fetcher, post } };
  };
  return {
    services: { ...services, reachOf },
    lookAgain: createLookAgain(services),
    order: createOrder(),
    gate: createGate({ ...services.timing, strangersTogether: 32 }),
  };
}

/** How a first try ends, what is counted of it, and whether it is held against the server. */
async function tried(code: FetchRefusedCode) {
  const town = await aTown();
  const { visitor: ctx } = town;
  const uri = ctx.instance.url("/activities/a1");
  await ctx.collection(activitiesCollection).insertOne({
    ...{ _id: "a1", key: "k1", uri, type: "Create", objectUri: `${uri}/object`, body: "{}" },
    ...{ actorUri: ctx.instance.url("/actor"), listed: false, audience: nobody },
    ...{ at: ctx.clock.now(), fannedOutAt: null, expiresAt: null },
  });
  const outcomes: string[] = [];
  const hands = handsWithout(code, town, outcomes);
  const error = await attempt(hands, ctx, { activityId: "a1", inbox }, { number: 1 }).catch(
    (thrown: unknown) => thrown,
  );
  const peer = await ctx.collection(peersCollection).findOne({ host: "well.example" });
  return { error, outcomes, peer };
}

describe("a delivery that the machine it leaves from does not send", () => {
  afterEach(closeTowns);

  it("waits where there is no room for a connection, costs no try, and is not held against the server", async () => {
    const { error, outcomes, peer } = await tried("no-room");

    expect(error).to.be.instanceOf(Postpone);
    expect(peer).to.equal(null);
    expect(outcomes).to.deep.equal([]);
  });

  it("is counted as failed where it is tried again, and as refused where it never can be sent", async () => {
    const passing = await tried("unreachable");
    const lasting = await tried("private-address");
    const unwanted = await tried("unwanted");

    expect(passing.error).to.be.instanceOf(RetryLater);
    expect(lasting.error).to.be.instanceOf(GiveUp);
    expect(unwanted.error).to.be.instanceOf(GiveUp);
    expect([passing, lasting, unwanted].map(({ outcomes }) => outcomes)).to.deep.equal([
      ["failed"],
      ["refused"],
      ["skipped"],
    ]);
  });
});
