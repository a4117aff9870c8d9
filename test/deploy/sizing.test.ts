import { expect } from "chai";
import { text } from "./files.js";

describe("the table of sizes", () => {
  it("calls measured only what the measured table says", () => {
    const measured = text("README.md").split("## Measured")[1]!;
    const rows = text("deploy/README.md")
      .split("\n")
      .filter((line) => line.includes("| measured |"));
    expect(rows).to.have.length(10);
    for (const row of rows) {
      const figures = row.split("|")[2]!.match(/\d[\d,.]*/g) ?? [];
      for (const figure of figures) expect(measured, row).to.match(new RegExp(`\\b${figure}\\b`));
    }
  });
});
