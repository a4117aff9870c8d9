import { expect } from "chai";

import {
  civicPalettes,
  civicStylesheet,
  civicStylesheetPath,
  colourOfPath,
  contrastPairs,
} from "../../src/hosting/views/colour.js";
import { contrast, fromHex, toHex } from "../../src/hosting/views/oklch.js";

const hues = Array.from({ length: 72 }, (_, at) => String(at * 5));
const chosen = ["#ffff00", "#ff0000", "#0000ff", "#00ff00", "#000000", "#ffffff", "#808080"];

describe("the colours of an instance", () => {
  it("stay readable in light and dark, whatever colour a town chooses", () => {
    const unreadable: string[] = [];
    for (const colour of [...hues, ...chosen]) {
      for (const [scheme, palette] of Object.entries(civicPalettes(colour))) {
        for (const [text, ground, least] of contrastPairs) {
          const ratio = contrast(palette[text] ?? "", palette[ground] ?? "");
          if (!(ratio >= least)) {
            unreadable.push(`${colour} ${scheme}: ${text} on ${ground} ${ratio.toFixed(2)}`);
          }
        }
      }
    }

    expect(unreadable).to.deep.equal([]);
  });

  it("measure contrast as WCAG does", () => {
    expect(contrast("#000000", "#ffffff")).to.be.closeTo(21, 0.001);
    expect(contrast("#777777", "#ffffff")).to.be.closeTo(4.478, 0.001);
  });

  it("come back from OKLCH as they went", () => {
    for (const hex of ["#0d4450", "#ff0000", "#ffffff", "#123456"]) {
      expect(toHex(fromHex(hex))).to.equal(hex);
    }
  });

  it("fall back on the default when a colour is unreadable, and let nothing into the sheet", () => {
    const sheet = civicStylesheet('red;}body{background:url("https://evil.example")}');

    expect(sheet).to.equal(civicStylesheet("198"));
    expect(sheet).to.match(/^[-\w:;#(){}@ ]+$/);
  });

  it("are found again by the address of their sheet", () => {
    for (const colour of ["0", "359", "#0d4450"]) {
      const found = colourOfPath(civicStylesheetPath(colour)) ?? "";

      expect(civicStylesheet(found)).to.equal(civicStylesheet(colour));
    }
    expect(colourOfPath("/assets/civic/../x.css")).to.equal(null);
  });
});
