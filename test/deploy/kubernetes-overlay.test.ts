import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../bootstrap/scratch.js";
import { needsProgram, runs, text } from "./files.js";

describe("an overlay of one's own, as the guide has it", () => {
  it("takes the image and the host that it names, and leaves nothing of the example", function () {
    const kubectl = needsProgram(this, "kubectl");
    const [, example = ""] = /```yaml\n(apiVersion: kustomize[^`]+)```/.exec(
      text("deploy/README.md"),
    )!;
    const output = join(root, "test/output");
    mkdirSync(output, { recursive: true });
    const scratch = mkdtempSync(join(output, "overlay-"));
    try {
      const above = example.replace("../", "../../../deploy/kubernetes/overlays/");
      writeFileSync(join(scratch, "kustomization.yaml"), above);

      const { code, out } = runs(kubectl, ["kustomize", scratch]);

      expect(code, out).to.equal(0);
      const images = out.match(/(?<=image: )\S*parvis:\S+/g);
      expect(new Set(images)).to.deep.equal(new Set(["registry.city.example/parvis:0.1.0"]));
      expect(out).to.include("PUBLIC_URL: https://city.example").and.include("host: city.example");
      expect(out).not.to.match(/parvis\.example|registry\.example/);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
