import { expect } from "chai";
import {
  checkTranslations,
  loadTranslations,
  type Translations,
} from "../../src/kit/i18n/index.js";
import { sampleSite } from "./gallery-models.js";
import { viewsDir } from "./gallery.js";
import { walkTemplate } from "./walk-template.js";

/**
 * The tests of a group of pages, to be called in its `describe`: each template is walked with all of its
 * samples, and the texts whose keys match `mine` say the same in both languages. Returns all texts.
 */
export function holdTogether(
  samples: Readonly<Record<string, readonly object[]>>,
  mine: RegExp,
): Translations {
  const translations = loadTranslations(viewsDir);

  for (const [template, models] of Object.entries(samples)) {
    it(`name nothing that ${template} is not given`, () => {
      const options = { viewsDir, translations, site: sampleSite() };
      expect(walkTemplate(template, models, options)).to.deep.equal([]);
    });
  }

  it("say the same in both languages", () => {
    const faults = checkTranslations(translations).filter(({ key }) => mine.test(key));
    expect(faults).to.deep.equal([]);
  });
  return translations;
}
