import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { mediaConformance } from "./media.conformance.js";

describe("pictures in a folder", () => {
  const root = mkdtempSync(join(tmpdir(), "parvis-media-"));
  after(() => rmSync(root, { recursive: true, force: true }));

  mediaConformance(() => {
    const folder = mkdtempSync(join(root, "place-"));
    return {
      media: createFileMedia(folder),
      plant(path, content) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      },
    };
  });

  it("show nothing of a write that died, and its rest is swept by a later one", async () => {
    const folder = mkdtempSync(join(root, "place-"));
    const media = createFileMedia(folder);
    const rest = join(folder, ".new", "half");
    mkdirSync(dirname(rest));
    writeFileSync(rest, "half a pict");
    const before = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(rest, before, before);

    await media.put("town", Buffer.from("whole"), "png");

    expect(existsSync(rest)).to.equal(false);
  });
});
