import { expect } from "chai";
import { packCursor, Refusal, sliceOf, unpackCursor } from "../../src/kit/index.js";

const packed = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

describe("A page of a list", () => {
  it("leads on from its last row, and no further than the last one", () => {
    const rows = [1, 2, 3];

    expect(sliceOf(rows, 2, String)).to.deep.equal({ items: [1, 2], next: "2" });
    expect(sliceOf(rows, 3, String)).to.deep.equal({ items: [1, 2, 3], next: null });
    expect(sliceOf([], 3, String)).to.deep.equal({ items: [], next: null });
  });
});

describe("The place in a list that an address carries", () => {
  it("is read back as it was packed, dates as numbers", () => {
    const at = new Date("2026-03-02T08:00:00.000Z");

    expect(unpackCursor(packCursor([at, "01abc"]), 2)).to.deep.equal([at.getTime(), "01abc"]);
    expect(unpackCursor(packCursor(["01abc"]), 1)).to.deep.equal(["01abc"]);
    expect(unpackCursor(packCursor([1, 250, "é/+"]), 3)).to.deep.equal([1, 250, "é/+"]);
    expect(packCursor([-1.5, "é?>"])).to.match(/^[\w-]+$/);
  });

  const forged: ReadonlyArray<readonly [string, string, number]> = [
    ["nothing", "", 2],
    ["no JSON", packed("hello"), 2],
    ["no list", packed({ length: 2 }), 2],
    ["too few values", packed(["a"]), 2],
    ["too many values", packed([1, 2, 3, "a"]), 2],
    ["an id where a number belongs", packed(["a", "b"]), 2],
    ["a number where the id belongs", packed([1, 2]), 2],
    ["null", packed([null, "a"]), 2],
    ["an operator", packed([{ $gt: 0 }, "a"]), 2],
    ["a list in the list", packed([[1], "a"]), 2],
    ["an infinite number", packed('[1e999,"a"]'), 2],
    ["a date beyond time", packed([8.64e15 + 2, "a"]), 2],
    ["a very long id", packed([1, "a".repeat(300)]), 2],
    ["a very long address", "A".repeat(100_000), 2],
    ["NUL bytes", "\u0000\u0000", 2],
  ];
  for (const [what, cursor, length] of forged) {
    it(`is refused when it is ${what}`, () => {
      expect(() => unpackCursor(cursor, length))
        .to.throw(Refusal)
        .with.property("code", "not-found");
    });
  }
});
