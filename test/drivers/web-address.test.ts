import { expect } from "chai";
import { asciiHost, readUrl } from "../../src/drivers/web-address.js";

describe("Reading a web address", () => {
  it("takes accents however often it has read before", () => {
    let refused = 0;
    for (let times = 0; times < 20_000; times += 1) {
      if (readUrl("https://é.example/") === null) refused += 1;
    }

    expect(refused).to.equal(0);
  });

  it("answers null for what is none", () => {
    expect(readUrl("/only/a/path")).to.equal(null);
    expect(readUrl("/only/a/path", "https://parvis.example")?.href).to.equal(
      "https://parvis.example/only/a/path",
    );
  });
});

describe("A host as somebody types it", () => {
  it("is what a URL makes of it, and stays where it is none", () => {
    for (const typed of ["évreux.example", "ÉVREUX.example", "e\u0301vreux.example"]) {
      expect(asciiHost(typed)).to.equal(new URL(`https://${typed}`).hostname);
    }
    expect(asciiHost("évreux.example:3000")).to.equal(`${asciiHost("évreux.example")}:3000`);
    for (const other of ["", "Parvis.example", "1", "é/b", "é vreux", "[::1]", "\u00ad"]) {
      expect(asciiHost(other)).to.equal(other);
    }
  });
});
