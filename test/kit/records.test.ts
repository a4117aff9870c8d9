import { expect } from "chai";
import { insertOnce, isDuplicate, refuseIfDuplicate, Refusal } from "../../src/kit/index.js";

const duplicate = Object.assign(new Error("E11000"), { code: 11000 });
const broken = new Error("the disk is full");
const fails = (error: Error) => (): Promise<never> => Promise.reject(error);

describe("A value that only one row may have", () => {
  it("becomes a refusal when it is taken, beside its field when one is named", async () => {
    const plain = await refuseIfDuplicate("already-taken", fails(duplicate)).catch(
      (error: unknown) => error,
    );
    const beside = await refuseIfDuplicate("already-taken", fails(duplicate), "mail").catch(
      (error: unknown) => error,
    );

    expect(plain).to.be.instanceOf(Refusal).and.include({ code: "already-taken", status: 409 });
    expect((plain as Refusal).errors).to.deep.equal([]);
    expect((beside as Refusal).errors).to.deep.equal([
      { field: "mail", key: "refusals.already-taken", params: {} },
    ]);
  });

  it("lets every other failure and every success through", async () => {
    const failed = await refuseIfDuplicate("already-taken", fails(broken)).catch(
      (error: unknown) => error,
    );

    expect(failed).to.equal(broken);
    expect(await refuseIfDuplicate("already-taken", async () => 7)).to.equal(7);
  });

  it("is inserted once, however often that is tried", async () => {
    expect(await insertOnce(async () => undefined)).to.equal(true);
    expect(await insertOnce(fails(duplicate))).to.equal(false);
    expect(await insertOnce(fails(broken)).catch((error: unknown) => error)).to.equal(broken);
  });

  it("is told by the store's code alone", () => {
    const others = [null, undefined, 11000, "11000", broken, { code: "11000" }, {}];

    expect(others.filter(isDuplicate)).to.deep.equal([]);
    expect(isDuplicate(duplicate)).to.equal(true);
  });
});
