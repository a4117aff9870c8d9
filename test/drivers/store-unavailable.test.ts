import { expect } from "chai";
import { MongoNetworkError, MongoServerError } from "mongodb";
import { duplicateKey, updateFailed } from "../../src/drivers/store/errors.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";

describe("A store that cannot answer", () => {
  it("is told from one that refuses, so that nobody is asked to try again in vain", () => {
    const steppedDown = new MongoServerError({ message: "not primary", code: 10107 });
    const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    const broken = Object.assign(new Error("EIO"), { code: "EIO", syscall: "fdatasync" });

    for (const error of [new MongoNetworkError("closed"), steppedDown, full, broken]) {
      expect(isStoreUnavailable(error), error.message).to.equal(true);
    }
    const refusals = [
      duplicateKey("people", "mail_1", { mail: 1 }, { mail: "x" }),
      updateFailed(28, "no such path"),
      new MongoServerError({ message: "bad value", code: 2 }),
      Object.assign(new Error("no such file"), { code: "ENOENT" }),
      Object.assign(new Error("a constraint"), { code: "SQLITE_CONSTRAINT" }),
      new Error("a bug"),
      null,
    ];
    for (const error of refusals) expect(isStoreUnavailable(error)).to.equal(false);
  });
});
