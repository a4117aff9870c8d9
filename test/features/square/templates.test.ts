import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { checkTranslations, loadTranslations } from "../../../src/kit/i18n/index.js";
import { viewsDir } from "../../support/gallery.js";
import { sampleSite } from "../../support/gallery-models.js";
import { walkTemplate } from "../../support/walk-template.js";
import { samples } from "./samples.js";

describe("the pages of the square", () => {
  const translations = loadTranslations(viewsDir);

  for (const [template, models] of Object.entries(samples)) {
    it(`name nothing that ${template} is not given`, () => {
      const options = { viewsDir, translations, site: sampleSite() };
      expect(walkTemplate(template, models, options)).to.deep.equal([]);
    });
  }

  it("say the same in both languages", () => {
    const mine = /^(?:home|people|proposals|refusals|square)\./;
    const faults = checkTranslations(translations).filter(({ key }) => mine.test(key));
    expect(faults).to.deep.equal([]);
  });

  it("have words for every refusal", () => {
    const source = readFileSync(join(viewsDir, "../src/kit/refusal.ts"), "utf8");
    const union = source.slice(0, source.indexOf('";'));
    const codes = [...union.matchAll(/\| "([a-z-]+)"/g)].map(([, code]) => `refusals.${code}`);
    expect(codes.length).to.be.greaterThan(15);
    expect(codes.filter((key) => !translations.fr.has(key))).to.deep.equal([]);
  });
});
