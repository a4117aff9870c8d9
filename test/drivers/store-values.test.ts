import { expect } from "chai";
import fc from "fast-check";
import { copyOf, fromText, toText } from "../../src/drivers/store/values.js";

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, "$date"),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 8 }),
);
const key = fc.oneof(fc.string(), fc.constantFrom("$date", "$escaped", "__proto__", "a.b"));
const { document } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value")), tie("document")),
  document: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));

describe("what is held in memory of a record", () => {
  it("is what will be read from the disk", () => {
    fc.assert(
      fc.property(document, (doc) => {
        const given = doc as Record<string, unknown>;
        expect(copyOf(given)).to.deep.equal(fromText(toText(given)));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it("is told alike when half a character is in it, which one store keeps and the other cannot", () => {
    expect(toText({ reason: "Flood \ud83d" })).to.equal(toText({ reason: "Flood \ufffd" }));
    expect(toText({ "Flood \ud83d": "\\ud83d" })).to.equal(toText({ "Flood \ufffd": "\\ud83d" }));
  });
});
