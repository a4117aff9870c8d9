import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { needs } from "../support/needs.js";
import { launch, openWindow } from "./support/chromium.js";
import { aTown, type Town } from "./support/town.js";

const names = [
  ...["Ville de démonstration participative", "Saint-Germain-en-Laye"],
  "Communauté d’agglomération du Pays de Montbéliard",
];

/** Words of an element that stand in two lines, and whether it reaches into what is beside it. */
function brokenIn(page: Page, selector: string): Promise<string[]> {
  return page.evaluate(`(() => {
    const text = document.querySelector(${JSON.stringify(selector)}).firstChild;
    const range = document.createRange();
    return [...text.data.matchAll(/[^\\s-]+/g)].flatMap(({ 0: word, index }) => {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return range.getClientRects().length > 1 ? [word] : [];
    });
  })()`) as Promise<string[]>;
}

/** Pixels that the name leaves to what is beside it. */
function leftBeside(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const name = document.querySelector(".brand-name");
    const end = name.getBoundingClientRect().left + name.scrollWidth;
    return document.querySelector(".mast-you").getBoundingClientRect().left - end;
  })()`) as Promise<number>;
}

describe("the name of a site on its front page", function () {
  this.timeout(60_000);
  needs("chromium");
  let [town, browser]: [Town, Browser] = [] as never;

  before(async () => {
    [town, browser] = await Promise.all([aTown(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await town?.close();
  });

  for (const width of [320, 360, 1280]) {
    it(`is broken inside no word at ${width} px, and covers nothing`, async () => {
      const found = await town.app.instances.byHost("localhost");
      const window = await openWindow(browser, { origin: town.origin, width });
      const seen: unknown[] = [];

      for (const name of names) {
        await town.app.instances.update(found?._id ?? "", { name, state: "active" });
        await window.page.goto("/");
        const broken = await Promise.all(
          ["h1", ".brand-name"].map((selector) => brokenIn(window.page, selector)),
        );
        seen.push([await window.page.locator("h1").innerText(), ...broken.flat()]);
        expect(await leftBeside(window.page), name).to.be.at.least(0);
      }
      await window.close();

      expect(seen).to.deep.equal(names.map((name) => [name]));
    });
  }
});
