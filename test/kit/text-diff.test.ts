import { expect } from "chai";
import fc from "fast-check";
import { diffTexts, type TextChange } from "../../src/kit/text/diff.js";
import { millisecondsOf } from "../support/cpu-time.js";

function joined(changes: readonly TextChange[], without: TextChange["kind"]): string {
  return changes
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join("");
}

describe("The history of an edit", () => {
  it("shows which words went and which came", () => {
    expect(diffTexts("Un marché le samedi.", "Un marché le dimanche.")).to.deep.equal([
      { kind: "same", text: "Un marché le " },
      { kind: "removed", text: "samedi" },
      { kind: "added", text: "dimanche" },
      { kind: "same", text: "." },
    ]);
  });

  it("never splits a word at its accent", () => {
    const changes = diffTexts("la place aménagée", "la place aménageable");

    expect(changes.slice(1).map(({ text }) => text)).to.deep.equal(["aménagée", "aménageable"]);
  });

  it("is one shared text when nothing changed, and empty for nothing", () => {
    expect(diffTexts("a", "a")).to.deep.equal([{ kind: "same", text: "a" }]);
    expect(diffTexts("", "")).to.deep.equal([]);
    expect(diffTexts("", "a")).to.deep.equal([{ kind: "added", text: "a" }]);
  });

  it("gives back both versions, whatever they were", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", " ", "\n", ".", "'", "😀") });

    fc.assert(
      fc.property(text, text, (before, after) => {
        const changes = diffTexts(before, after);

        expect(joined(changes, "added")).to.equal(before);
        expect(joined(changes, "removed")).to.equal(after);
      }),
    );
  });

  it("stays quick for texts that share nothing", () => {
    const words = (seed: string): string =>
      Array.from({ length: 9_000 }, (_, index) => `${seed}${index}`).join(" ");
    let changes: TextChange[] = [];

    const spent = millisecondsOf(() => {
      changes = diffTexts(words("a"), words("b"));
    });

    expect(spent).to.be.below(1_000);
    expect(changes.map(({ kind }) => kind)).to.deep.equal(["removed", "added"]);
  });
});
