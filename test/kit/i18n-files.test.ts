import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { checkTranslations, loadTranslations } from "../../src/kit/i18n/index.js";

const viewsDir = fileURLToPath(new URL("../../views", import.meta.url));

describe("The texts of every page", () => {
  it("say the same in every language: same keys, same parameters, nothing left empty", () => {
    const faults = checkTranslations(loadTranslations(viewsDir));

    const lines = faults.map((one) => `${one.language} ${one.key}: ${one.problem}, ${one.detail}`);
    expect(lines).to.deep.equal([]);
  });
});
