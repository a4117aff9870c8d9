import { expect } from "chai";
import { createKeptPages } from "../../src/hosting/web/kept-pages.js";
import { head } from "../../src/kit/page.js";
import type { PageModel, SiteModel } from "../../src/kit/site-model.js";

const now = new Date("2026-03-02T08:00:10.000Z");

function aSite(change: Partial<SiteModel> = {}): SiteModel {
  return {
    ...{ instanceName: "Valmont", instanceKind: "city", language: "fr", otherLanguages: [] },
    ...{ logo: null, picture: null },
    ...{ colour: "195", path: "/proposals", member: null, csrf: "token", flash: null },
    ...{ assets: { css: "/a.css", js: "/a.js" }, requestId: "r1", now, timezone: "Europe/Paris" },
    ...change,
  };
}

function aModel(title = "Propositions"): PageModel {
  return { head: head(title) };
}

/** Counts how often a page was drawn; `draw` says what it looks at. */
function counting(draw: (model: PageModel, site: SiteModel) => string) {
  let drawn = 0;
  const render = createKeptPages({
    render(_template, model, site) {
      drawn += 1;
      return draw(model, site);
    },
  });
  return {
    render: (...given: Parameters<typeof render>) => render(...given).html,
    isShared: (...given: Parameters<typeof render>) => render(...given).shared,
    drawn: () => drawn,
  };
}

describe("pages that visitors read", () => {
  it("are drawn once while nothing in them changes", () => {
    const { render, drawn } = counting((model) => model.head.title);

    const pages = [1, 2, 3].map(() => render("list", aModel(), aSite()));

    expect(pages).to.deep.equal(["Propositions", "Propositions", "Propositions"]);
    expect(drawn()).to.equal(1);
  });

  it("are drawn anew for another text, address, language, template or minute", () => {
    const { render, drawn } = counting((model) => model.head.title);
    render("list", aModel(), aSite());

    expect(render("list", aModel("Autre"), aSite())).to.equal("Autre");
    render("topic", aModel(), aSite());
    render("list", aModel(), aSite({ path: "/proposals?sort=moving" }));
    render("list", aModel(), aSite({ language: "en" }));
    render("list", aModel(), aSite({ now: new Date(now.getTime() + 60_000) }));

    expect(drawn()).to.equal(6);
  });

  it("are never shared when they hold a form's token or the number of a request", () => {
    const { render, isShared, drawn } = counting((_model, site) => `${site.csrf}`);

    expect(render("form", aModel(), aSite({ csrf: "mine" }))).to.equal("mine");
    expect(render("form", aModel(), aSite({ csrf: "yours" }))).to.equal("yours");
    expect(drawn()).to.equal(2);
    expect(isShared("form", aModel(), aSite())).to.equal(false);
  });

  it("are never shared with a member, nor with whom a message waits for", () => {
    const { render, drawn } = counting((_model, site) => site.member?.name ?? "nobody");
    const rights = {
      unread: 0,
      canModerate: false,
      toModerate: 0,
      canAnswer: false,
      isAdmin: false,
      isOperator: false,
    };
    render("list", aModel(), aSite());

    const mine = render("list", aModel(), aSite({ member: { name: "Camille", ...rights } }));
    render("list", aModel(), aSite({ flash: { kind: "notice", text: "Merci" } }));

    expect(mine).to.equal("Camille");
    expect(drawn()).to.equal(3);
  });
});
