import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Refusal, refuseField } from "../../src/kit/index.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, folder, file), "utf8"));
}

describe("A refusal", () => {
  const refusal = readFileSync(join(root, "src/kit/refusal.ts"), "utf8");
  const codes = [...refusal.matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code]) => code ?? "");
  const named = sources("src")
    .flatMap((source) => [...source.matchAll(/["`]refusals\.([a-z-]+)["`]/g)])
    .map(([, key]) => key ?? "");

  it("is never an incident of ours: its status is the visitor's, or asks to wait", () => {
    expect(codes.length).to.be.greaterThan(15);
    for (const code of codes) {
      const { status } = new Refusal(code as Refusal["code"]);
      expect(status === 503 || (status >= 400 && status < 500), code).to.equal(true);
    }
  });

  it("belongs beside a field when it is about one", () => {
    const { errors } = refuseField("invalid-form", "title", "refusals.too-short");

    expect(errors).to.deep.equal([{ field: "title", key: "refusals.too-short", params: {} }]);
  });

  it("has plain words in both languages, whatever code or key names it", () => {
    for (const language of ["fr", "en"] as const) {
      const file = JSON.parse(
        readFileSync(join(root, `views/refusals/${language}.json`), "utf8"),
      ) as Record<string, string>;
      expect([...codes, ...named].filter((key) => file[key] === undefined)).to.deep.equal([]);
    }
  });
});
