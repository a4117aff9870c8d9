import { expect } from "chai";
import { createPolicy } from "../../../src/federation/policy/policy.js";
import { blocksCollection } from "../../../src/federation/policy/records.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aTown, closeTowns } from "../support/town.js";

const [here, there] = ["https://ici.example/inbox", "https://ailleurs.example/inbox"];

describe("how a city stands to servers that it has nothing against", () => {
  afterEach(closeTowns);

  it("stays so when what it remembers of one is forgotten while it reads about another", async () => {
    const { visitor } = await aTown();
    const policy = createPolicy(60_000);
    await policy.unwanted(visitor, [here]);
    const forgetting: Ctx = {
      ...visitor,
      collection: (def) => {
        if (def.name === blocksCollection.name) policy.forget();
        return visitor.collection(def);
      },
    };

    const unwanted = await policy.unwanted(forgetting, [here, there]);

    expect([...unwanted]).to.deep.equal([]);
  });
});
