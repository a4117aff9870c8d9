import { expect } from "chai";
import { pastConflicts } from "../../src/drivers/store/mongo-conflicts.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { rejection } from "./store.conformance-support.js";

const failed = (code: number): Error =>
  Object.assign(new Error("not written"), { name: "MongoServerError", code });

describe("Two people who write the same record of MongoDB at once", () => {
  it("are both heard: what gave way is written again", async () => {
    let calls = 0;

    const answer = await pastConflicts(async () => {
      calls += 1;
      if (calls < 4) throw failed(112);
      return Promise.resolve("written");
    });

    expect([answer, calls]).to.deep.equal(["written", 4]);
  });

  it("are told to come back, not that they did wrong, when it never ends", async () => {
    let calls = 0;

    const error = await rejection(
      pastConflicts(async () => {
        calls += 1;
        return Promise.reject(failed(112));
      }),
    );

    expect(isStoreUnavailable(error)).to.equal(true);
    expect(calls).to.equal(6);
  });

  it("hear at once of any other refusal", async () => {
    let calls = 0;

    const error = await rejection(
      pastConflicts(async () => {
        calls += 1;
        return Promise.reject(failed(11000));
      }),
    );

    expect([error["code"], calls]).to.deep.equal([11000, 1]);
  });
});
