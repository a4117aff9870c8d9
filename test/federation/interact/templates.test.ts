import { expect } from "chai";
import type { AskPage, LeavePage } from "../../../src/federation/interact/interact.pages.js";
import type { ArrivalPage } from "../../../src/federation/interact/arrival.routes.js";
import { checkTranslations, loadTranslations } from "../../../src/kit/i18n/index.js";
import { head } from "../../../src/kit/index.js";
import { viewsDir } from "../../support/gallery.js";
import { sampleSite } from "../../support/gallery-models.js";
import { walkTemplate } from "../../support/walk-template.js";

describe("templates of the ways to other servers", () => {
  const ask: AskPage = {
    ...{ head: head("Suivre"), heading: "Suivre", lead: "Là-bas", title: "Nature", path: "/" },
    ...{ on: "/", to: "follow", copy: "https://a.example/actor", remembered: "z@b.example" },
    form: {
      values: { server: "b", remember: "on" },
      errors: [{ field: "server", label: "Serveur", text: "Non." }],
    },
    signInUrl: "/sign-in",
  };
  const leave: LeavePage = {
    ...{ head: head("Continuer"), heading: "Continuer", host: "b.example", text: "Là-bas" },
    ...{ url: "https://b.example/x", back: "/", otherUrl: "/interact?other=1" },
  };
  const arrival: ArrivalPage = {
    ...{ head: head("Ici"), heading: "Ici", text: "Oui", original: "https://b.example/1" },
    ...{ host: "b.example", canBring: true, signInUrl: "/sign-in" },
  };
  const options = { viewsDir, translations: loadTranslations(viewsDir), site: sampleSite() };

  for (const [template, sample] of Object.entries({ ask, leave, arrival })) {
    it(`have no slip on interact/${template}`, () => {
      expect(walkTemplate(`interact/${template}`, [sample], options)).to.deep.equal([]);
    });
  }

  it("have their words in both languages", () => {
    const faults = checkTranslations(options.translations);

    expect(faults.filter(({ key }) => key.startsWith("interact."))).to.deep.equal([]);
  });
});
