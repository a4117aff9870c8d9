import { expect } from "chai";
import sharp from "sharp";
import { makePicture } from "../../src/drivers/picture.js";

const square = { width: 400, height: 400, transparent: true };
const wide = { width: 1500, height: 500, transparent: false };

function drawn(width: number, height: number, alpha = 1) {
  const background = { r: 200, g: 30, b: 90, alpha };
  return sharp({ create: { width, height, channels: 4, background } });
}

describe("an uploaded picture", function () {
  this.timeout(20_000);

  it("is made anew in the size it is shown in, whatever its format", async () => {
    const files: ReadonlyArray<readonly [Buffer, string]> = [
      [await drawn(900, 300).png().toBuffer(), "png"],
      [await drawn(30, 60).jpeg().toBuffer(), "jpg"],
      [await drawn(500, 500).webp().toBuffer(), "jpg"],
      [await drawn(500, 500, 0.5).webp().toBuffer(), "png"],
      [await drawn(500, 500).gif().toBuffer(), "png"],
    ];
    for (const [file, extension] of files) {
      const made = await makePicture(file, square);
      expect(made?.extension).to.equal(extension);
      const { width, height } = await sharp(made?.bytes).metadata();
      expect([width, height]).to.deep.equal([400, 400]);
    }
    const banner = await makePicture(await drawn(200, 200, 0.5).png().toBuffer(), wide);
    const { width, height, format } = await sharp(banner?.bytes).metadata();
    expect([width, height, format]).to.deep.equal([1500, 500, "jpeg"]);
  });

  it("loses where it was taken and by what, and stands upright", async () => {
    const file = await drawn(40, 20)
      .jpeg()
      .withExif({ IFD0: { Make: "SpyCam" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "45/1" } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect((await sharp(file).metadata()).orientation).to.equal(6);

    const made = await makePicture(file, { width: 20, height: 40, transparent: false });

    const { exif, orientation, width, height } = await sharp(made?.bytes).metadata();
    expect([exif, orientation, width, height]).to.deep.equal([undefined, undefined, 20, 40]);
    expect(made?.bytes.includes("SpyCam")).to.equal(false);
  });

  it("is refused when it is no picture, a drawing with scripts, damaged, or a bomb", async () => {
    const whole = await drawn(300, 300).png().toBuffer();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const bomb = await sharp({
      create: { width: 7_000, height: 6_000, channels: 3, background: "#000" },
      limitInputPixels: false,
    })
      .png()
      .toBuffer();
    const refused: Readonly<Record<string, Buffer>> = {
      ...{ empty: Buffer.alloc(0), svg: Buffer.from(svg), text: Buffer.from("GIF89 not") },
      half: whole.subarray(0, 60),
      noise: Buffer.concat([whole.subarray(0, 8), Buffer.alloc(400, 7)]),
      bomb,
    };
    expect(bomb.length).to.be.lessThan(1_000_000);
    for (const [name, file] of Object.entries(refused)) {
      expect(await makePicture(file, square), name).to.equal(null);
    }
  });
});
