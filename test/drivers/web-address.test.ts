import { expect } from "chai";
import { readUrl } from "../../src/drivers/web-address.js";

describe("Reading a web address", () => {
  it("takes accents however often it has read before", () => {
    let refused = 0;
    for (let times = 0; times < 20_000; times += 1) {
      if (readUrl("https://é.example/") === null) refused += 1;
    }

    expect(refused).to.equal(0);
  });

  it("answers null for what is none", () => {
    expect(readUrl("/only/a/path")).to.equal(null);
    expect(readUrl("/only/a/path", "https://parvis.example")?.href).to.equal(
      "https://parvis.example/only/a/path",
    );
  });
});
