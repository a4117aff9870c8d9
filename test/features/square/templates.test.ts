import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { viewsDir } from "../../support/gallery.js";
import { samples } from "./samples.js";
import { holdTogether } from "../../support/page-templates.js";

describe("the pages of the square", () => {
  const translations = holdTogether(samples, /^(?:home|people|proposals|refusals|square)\./);

  it("have words for every refusal", () => {
    const source = readFileSync(join(viewsDir, "../src/kit/refusal.ts"), "utf8");
    const union = source.slice(0, source.indexOf('";'));
    const codes = [...union.matchAll(/\| "([a-z-]+)"/g)].map(([, code]) => `refusals.${code}`);
    expect(codes.length).to.be.greaterThan(15);
    expect(codes.filter((key) => !translations.fr.has(key))).to.deep.equal([]);
  });
});
