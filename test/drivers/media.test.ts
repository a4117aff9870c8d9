import { expect } from "chai";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileMedia } from "../../src/drivers/media.js";

describe("kept files", () => {
  const folder = mkdtempSync(join(tmpdir(), "parvis-media-"));
  const media = createFileMedia(folder);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are given back byte for byte, and are one when kept twice", async () => {
    const bytes = Buffer.from("a picture");
    const [one, other] = await Promise.all([
      media.put("town", bytes, "png"),
      media.put("town", bytes, "png"),
    ]);

    expect(one).to.equal(other);
    expect(one).to.match(/^[0-9a-f]{64}\.png$/);
    expect(await media.get("town", one)).to.deep.equal(bytes);
    expect(readdirSync(join(folder, "town"))).to.deep.equal([one]);
    expect(readdirSync(join(folder, ".new"))).to.deep.equal([]);
  });

  it("belong to one owner alone, and no name leads out of the folder", async () => {
    const name = await media.put("town", Buffer.from("secret"), "jpg");
    writeFileSync(join(folder, "outside.png"), "outside");

    expect(await media.get("village", name)).to.equal(null);
    const hostile = ["../outside.png", "..%2foutside.png", `../town/${name}`, "", "x\0.png", "."];
    for (const path of hostile) expect(await media.get("town", path), path).to.equal(null);
    expect(await media.get("../town", name)).to.equal(null);
    await media.remove("town", "../outside.png");
    expect(existsSync(join(folder, "outside.png"))).to.equal(true);
  });

  it("tell how much room those of one owner take", async () => {
    await media.put("measured", Buffer.alloc(700), "png");
    await media.put("measured", Buffer.alloc(300), "jpg");

    expect(await media.bytes("measured")).to.equal(1_000);
    expect([await media.bytes("nobody"), await media.bytes("..")]).to.deep.equal([0, 0]);
  });

  it("are removed once and for all, and a second removal changes nothing", async () => {
    const name = await media.put("town", Buffer.from("old"), "png");

    await media.remove("town", name);
    await media.remove("town", name);

    expect(await media.get("town", name)).to.equal(null);
  });

  it("show nothing of a write that died, and its rest is swept by a later one", async () => {
    const aside = join(folder, ".new");
    mkdirSync(aside, { recursive: true });
    const rest = join(aside, "half");
    writeFileSync(rest, "half a pict");
    const before = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(rest, before, before);

    await media.put("town", Buffer.from("whole"), "png");

    expect(existsSync(rest)).to.equal(false);
  });
});
