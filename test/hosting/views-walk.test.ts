import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { checkTranslations, loadTranslations } from "../../src/kit/i18n/index.js";
import { head } from "../../src/kit/page.js";
import { markSafe } from "../../src/kit/safe-html.js";
import { galleryViews, viewsDir } from "../support/gallery.js";
import { galleryPages, sampleCard, sampleSite } from "../support/gallery-models.js";
import { walkTemplate } from "../support/walk-template.js";

describe("templates against their models", () => {
  let dir = "";
  const translations = loadTranslations(viewsDir);
  const site = sampleSite({ flash: { kind: "success", text: "Enregistré." } });

  before(() => {
    dir = mkdtempSync(join(tmpdir(), "views-walk-"));
    galleryViews(dir);
    mkdirSync(join(dir, "trial"));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const walk = (template: string, model: object): string[] =>
    walkTemplate(template, [model], { viewsDir: dir, translations, site });
  const walkSource = (source: string, model: object): string[] => {
    writeFileSync(join(dir, "trial", "page.hbs"), source);
    return walk("trial/page", model);
  };

  for (const [name, model] of Object.entries(galleryPages)) {
    it(`finds no slip on the ${name} page of the gallery`, () => {
      expect(walk(`gallery/${name}`, model)).to.deep.equal([]);
    });
  }

  it("finds no slip in the layout", () => {
    const model = {
      head: head("Accueil", {
        description: "d",
        canonical: "c",
        alternateActivity: "a",
        feed: "f",
      }),
      body: markSafe("<p>Bonjour</p>"),
    };

    expect(walk("layouts/main", model)).to.deep.equal([]);
  });

  it("finds no slip in any error page", () => {
    const pages = readdirSync(join(viewsDir, "errors")).filter((file) =>
      /^[^_].*\.hbs$/.test(file),
    );

    expect(pages).to.have.length(11);
    for (const page of pages) {
      expect(
        walk(`errors/${page.replace(".hbs", "")}`, {
          ...{ head: head("x"), reason: "Non.", again: "/" },
          ...{ about: "deleted", said: "Impayé.", until: new Date(0) },
        }),
      ).to.deep.equal([]);
    }
  });

  it("has the shared words and the words of errors in both languages", () => {
    const faults = checkTranslations(translations);

    expect(faults.filter(({ key }) => /^(site|errors)\./.test(key))).to.deep.equal([]);
  });

  const slips: readonly (readonly [string, string, object, RegExp])[] = [
    ["a misspelt plain path", "{{titel}}", { title: "x" }, /no titel/],
    ["a misspelt condition", "{{#if titel}}x{{/if}}", { title: "x" }, /no titel/],
    ["a misspelt list", "{{#each itms}}x{{/each}}", { items: [1] }, /no itms/],
    ["a misspelt field in a list", "{{#each items}}{{this.nam}}{{/each}}", items(), /no this.nam/],
    [
      "one behind a block parameter",
      "{{#each items as |i|}}{{i.nam}}{{/each}}",
      items(),
      /no i.nam/,
    ],
    ["one inside a with", "{{#with card}}{{titel}}{{/with}}", { card: sampleCard() }, /no titel/],
    ["one in an argument", "{{number supprts}}", { supports: 1 }, /no supprts/],
    ["one in a partial's parameter", '{{> notice text=txt kind="error"}}', { text: "" }, /no txt/],
    ["a parameter no partial reads", '{{> notice text="a" knd="b"}}', {}, /never reads knd/],
    ["a parameter that was forgotten", "{{> notice}}", {}, /text is needed/],
    [
      "a model that lacks a field",
      "{{> proposal-card card}}",
      { card: { title: "x" } },
      /no this.number/,
    ],
    ["a partial that does not exist", "{{> proposal-crd}}", {}, /no partial/],
    ["a helper that does not exist", "{{capitals title}}", { title: "x" }, /no helper "capitals"/],
    ["a text that does not exist", '{{t "site.nope"}}', {}, /no text "site.nope"/],
    ["a text without its parameter", '{{t "site.comment.replyTo"}}', {}, /lacks name/],
    ["an icon that does not exist", '{{icon "unicorn"}}', {}, /no icon/],
    ["a misspelt field of the frame", "{{@site.instanceNam}}", {}, /no @site.instanceNam/],
    ["text where HTML is vouched for", "{{safe title}}", { title: "<b>x</b>" }, /not SafeHtml/],
    ["output without escaping", "{{{title}}}", { title: "x" }, /unescaped/],
    ["a list no sample fills", "{{#each items}}{{x}}{{/each}}", { items: [] }, /empty in every/],
    ["a part no sample reaches", "{{#if a}}{{a.b}}{{/if}}", { a: null }, /behind a null/],
  ];
  for (const [what, source, model, fault] of slips) {
    it(`catches ${what}`, () => {
      expect(walkSource(source, model).join("\n")).to.match(fault);
    });
  }

  it("accepts a part that one of several samples reaches", () => {
    writeFileSync(join(dir, "trial", "page.hbs"), "{{#if a}}{{a.b}}{{/if}}");

    const faults = walkTemplate("trial/page", [{ a: null }, { a: { b: 1 } }], {
      viewsDir: dir,
      translations,
      site,
    });

    expect(faults).to.deep.equal([]);
  });
});

function items(): object {
  return { items: [{ name: "x" }] };
}
