import { expect } from "chai";
import { plainHandle, plainName } from "../../src/kit/text/names.js";

describe("the name of somebody elsewhere", () => {
  it("turns nothing of what is read after it, and hides nothing", () => {
    const turned = "Urbanisme\u202e moc.elliv\u2066\u200b\u061c\0\ud800\n x\ufeff";

    expect(plainName(turned)).to.equal("Urbanisme moc.elliv x");
  });

  it("keeps accents, other scripts, and what emoji are joined with", () => {
    for (const name of [
      "Élodie Ç.",
      "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
      "李雷 👩\u200d🚒",
    ]) {
      expect(plainName(name)).to.equal(name);
    }
  });

  it("has a handle as Mastodon takes them, or none", () => {
    for (const name of ["alice", "a.b-c_d", "A1", "_x_"]) expect(plainHandle(name)).to.equal(name);
    for (const name of ["mairie@ville.fr", "x\0@y<script>", "a b", "ab.", "é", "\u202ea", ""]) {
      expect(plainHandle(name), name).to.equal("");
    }
  });
});
