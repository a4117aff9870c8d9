import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createViews, type Views } from "../../src/hosting/views.js";
import { fillAddress, safeHref } from "../../src/hosting/views/links.js";
import { createTranslators, loadTranslations } from "../../src/kit/i18n/index.js";
import { head } from "../../src/kit/page.js";
import { isSafeHtml, markSafe } from "../../src/kit/safe-html.js";
import type { PageModel } from "../../src/kit/site-model.js";
import { galleryViews } from "../support/gallery.js";
import { galleryPages, sampleSite } from "../support/gallery-models.js";

const attack = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;

describe("pages", () => {
  let dir = "";
  let views: Views;
  const site = sampleSite();

  before(() => {
    dir = mkdtempSync(join(tmpdir(), "views-"));
    views = galleryViews(dir);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const renderSource = (source: string, model: object): string => {
    mkdirSync(join(dir, "trial"), { recursive: true });
    writeFileSync(join(dir, "trial", "page.hbs"), source);
    const translatorFor = createTranslators(loadTranslations(dir), { strict: true });
    return createViews({ viewsDir: dir, translatorFor }).renderBare("trial/page", model, site);
  };

  for (const [name, model] of Object.entries(galleryPages)) {
    it(`show hostile words as words in every part of the ${name} page`, () => {
      const hostileSite = sampleSite({ instanceName: attack, csrf: attack, path: attack });

      const html = views.render(`gallery/${name}`, poison(model) as never, hostileSite);

      expect(html).to.include("&lt;script&gt;");
      expect(html).not.to.include("<script>");
      expect(html).not.to.include("<img src=x");
    });
  }

  it("stand in the frame of their instance, in its language", () => {
    const html = views.render("errors/404", errorModel("Introuvable"), site);

    expect(html).to.match(/^<!doctype html>\n<html lang="fr">/);
    expect(html).to.include("<title>Introuvable – Saint-Amand-sur-Loire</title>");
    expect(html).to.include(site.requestId);
  });

  it("do without a frame where there is no instance", () => {
    const html = views.render("errors/421", { head: head("x") }, site);

    expect(html.match(/<html/g)).to.have.length(1);
    expect(html).not.to.include("Saint-Amand");
  });

  it("keep a long text in a form exactly as it was typed", () => {
    const text = "Un\n  deux\n\n\ttrois";

    const html = renderSource('  {{> textarea name="t" label="T" value=text}}', { text });

    expect(/<textarea[^>]*>\n([^<]*)<\/textarea>/.exec(html)?.[1]).to.equal(text);
  });

  it("refuse HTML that nobody vouched for, even when it looks vouched for", () => {
    const stored = JSON.parse(JSON.stringify(markSafe("<p>a</p>"))) as object;

    expect(isSafeHtml(stored)).to.equal(false);
    expect(() => renderSource("{{safe body}}", { body: stored })).to.throw("sanitised");
    expect(renderSource("{{safe body}}", { body: markSafe("<p>a</p>") })).to.equal("<p>a</p>");
  });

  it("throw on a misspelt field instead of showing nothing", () => {
    expect(() => renderSource("{{titel}}", { title: "x" })).to.throw("titel");
  });

  it("give a partial only what it is handed", () => {
    const html = renderSource('{{> notice text="a"}}', { title: "secret", kind: "error" });

    expect(html).not.to.include("secret");
  });

  it("link to web addresses only", () => {
    const bad = ["javascript:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,x"];
    for (const address of [...bad, "//evil.example", "/\\evil.example", "", null, 3]) {
      expect(safeHref(address), String(address)).to.equal("#");
    }
    for (const address of [
      "/a?b=c#d",
      "https://a.example/",
      "#x",
      "?page=2",
      "mailto:a@b.example",
    ]) {
      expect(safeHref(address)).to.equal(address);
    }
  });

  it("build addresses from names and values", () => {
    const filled = fillAddress("/topics/:slug", { slug: "a/b é", page: 2, q: "", kind: null });

    expect(filled).to.equal("/topics/a%2Fb%20%C3%A9?page=2");
    expect(() => fillAddress("/topics/:slug", {})).to.throw("slug");
  });
});

function errorModel(title: string): PageModel & { reason: string | null } {
  return { head: head(title), reason: null };
}

/** The same model with every text replaced by an attack, but for codes and vouched-for HTML. */
function poison(value: unknown, name = ""): unknown {
  if (typeof value === "string") return ["code", "state", "stance"].includes(name) ? value : attack;
  if (value instanceof Date || value === null || isSafeHtml(value)) return value;
  if (Array.isArray(value)) return value.map((one) => poison(one, name));
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poison(one, key)]));
}
