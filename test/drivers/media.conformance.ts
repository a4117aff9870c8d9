import { expect } from "chai";
import type { Media, MediaFile } from "../../src/drivers/media.js";
import { rejection } from "./store.conformance-support.js";

/** A place of files to try, and what only its owner can do to it. */
export interface TriedMedia {
  readonly media: Media;
  /** Put something under a path of the place, past the driver. */
  plant(path: string, content: string): Promise<void> | void;
}

/** What every place of files promises, whatever it is made of. */
export function mediaConformance(open: () => Promise<TriedMedia> | TriedMedia): void {
  let tried: TriedMedia;
  let media: Media;
  beforeEach(async () => {
    tried = await open();
    ({ media } = tried);
  });
  afterEach(() => media.close());
  const listed = async (owner?: string): Promise<MediaFile[]> => {
    const files: MediaFile[] = [];
    for await (const file of media.list(owner)) files.push(file);
    return files;
  };
  const nobody = `${"0".repeat(64)}.png`;

  it("gives a picture back byte for byte, and keeps it once when it comes twice", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128, ...Buffer.from("a picture")]);
    const [one, other] = await Promise.all([
      media.put("town", bytes, "png"),
      media.put("town", bytes, "png"),
    ]);

    expect(one).to.equal(other);
    expect(one).to.match(/^[0-9a-f]{64}\.png$/);
    expect(await media.get("town", one)).to.deep.equal(bytes);
    expect(await listed()).to.deep.equal([{ owner: "town", name: one }]);
  });

  it("keeps each city's pictures apart, and no name leads anywhere else", async () => {
    const name = await media.put("town", Buffer.from("secret"), "jpg");
    await tried.plant("outside.png", "outside");

    expect(await media.get("village", name)).to.equal(null);
    const hostile = ["../outside.png", "..%2foutside.png", `../town/${name}`, "", "x\0.png", "."];
    for (const path of hostile) {
      expect(await media.get("town", path), path).to.equal(null);
      await media.remove("town", path);
    }
    expect(await media.get("../town", name)).to.equal(null);
    expect((await rejection(media.put("../town", Buffer.from("x"), "png"))).message).to.include(
      "no owner",
    );
    expect(await media.get("town", name)).to.deep.equal(Buffer.from("secret"));
  });

  it("removes a picture once and for all, and a second removal changes nothing", async () => {
    const name = await media.put("town", Buffer.from("old"), "png");
    await media.get("town", name);

    await media.remove("town", name);
    await media.remove("town", name);
    await media.remove("town", nobody);

    expect(await media.get("town", name)).to.equal(null);
    expect(await listed()).to.deep.equal([]);
  });

  it("lists every picture in order, also when there are many, and nothing else that lies there", async () => {
    const kept: string[] = [];
    for (const owner of ["town", "a0", "village"]) {
      for (const n of [1, 2, 3]) {
        const name = await media.put(owner, Buffer.from(`${owner} ${n}`), "jpg");
        kept.push(`${owner}/${name}`);
      }
    }
    await tried.plant("town/readme & co.txt", "not ours");
    await tried.plant(`Town/${nobody}`, "not ours");
    await media.check();

    const found = (await listed()).map(({ owner, name }) => `${owner}/${name}`);

    expect(found).to.deep.equal(kept.sort());
  });

  it("lists one city's pictures alone, and those of nobody else whose name begins alike", async () => {
    for (const owner of ["town", "town2", "a0"]) {
      for (const n of [1, 2, 3, 4]) await media.put(owner, Buffer.from(`${owner} ${n}`), "png");
    }
    await tried.plant("outside/readme.txt", "not ours");

    const found = await listed("town");

    expect(found).to.have.length(4);
    expect(found.every(({ owner }) => owner === "town")).to.equal(true);
    for (const nobodys of ["tow", "village", "../town", "", "."]) {
      expect(await listed(nobodys), nobodys).to.deep.equal([]);
    }
  });

  it("never gives out a picture that is not what was kept", async () => {
    await tried.plant(`town/${nobody}`, "something else");

    const refusal = await rejection(media.get("town", nobody));

    expect(refusal.name).to.equal("MediaDamaged");
    expect(refusal.message).to.include(nobody);
  });

  it("refuses what is larger than any picture", async () => {
    const large = Buffer.alloc(16 * 1024 * 1024 + 1);

    expect((await rejection(media.put("town", large, "png"))).message).to.include("too large");
  });

  it("can be tried out, and nothing is left of the trial", async () => {
    await media.check();

    expect(await listed()).to.deep.equal([]);
  });
}
