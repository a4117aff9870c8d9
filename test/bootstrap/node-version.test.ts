import { execFileSync } from "node:child_process";
import { expect } from "chai";

const module_ = new URL("../../src/bootstrap/node-version.mjs", import.meta.url).href;

function isAtLeast(version: string, range: string): string {
  const code = `import { isAtLeast } from ${JSON.stringify(module_)};
    process.stdout.write(String(isAtLeast(${JSON.stringify(version)}, ${JSON.stringify(range)})));`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
}

describe("the Node version asked for", () => {
  it("is met by the same version and any newer one", () => {
    expect(isAtLeast("20.19.0", ">=20.19.0")).to.equal("true");
    expect(isAtLeast("22.0.0", ">=20.19.0")).to.equal("true");
  });

  it("is not met by an older one, whatever its last number", () => {
    expect(isAtLeast("20.18.9", ">=20.19.0")).to.equal("false");
    expect(isAtLeast("9.99.99", ">=20.19.0")).to.equal("false");
  });
});
