import { expect } from "chai";
import sharp from "sharp";
import { createS3Media } from "../../../src/drivers/media/s3.js";
import { keptFilesCollection } from "../../../src/hosting/kept-files.js";
import { profileOf, type Ctx } from "../../../src/kit/index.js";
import { aDeployment, type Browser, type Deployment } from "../../support/deployment.js";
import { present } from "../../support/presenting.js";
import { aBucket, type Bucket } from "../../support/s3.js";
import { rejection } from "../../drivers/store.conformance-support.js";

const host = "valmont.example";
const picture = (red: number): Promise<Buffer> =>
  sharp({ create: { width: 40, height: 40, channels: 3, background: { r: red, g: 9, b: 9 } } })
    .png()
    .toBuffer();

describe("a city whose pictures are kept in a bucket", function () {
  this.timeout(30_000);
  let bucket: Bucket;
  let town: Deployment;
  let visitor: Browser;
  let logo: string;
  before(async () => {
    bucket = await aBucket();
    const media = createS3Media(bucket.place, { tryMs: 5_000, tries: 2, restMs: 1 });
    town = await aDeployment({ media });
    await town.city(host);
    visitor = town.browser(host);
    await show(await picture(10));
    logo = (await named()) ?? "";
  });
  after(async () => {
    await town.close();
    await bucket.close();
  });

  async function show(bytes: Buffer): Promise<void> {
    const ctx: Ctx = {
      ...(await town.ctx(host)),
      member: { _id: "maud", name: "Maud", roles: ["admin"], language: "fr" },
    };
    await present(ctx, { logo: { bytes, isCut: false } });
  }
  const named = async (): Promise<string | null> => profileOf((await town.ctx(host)).instance).logo;

  it("shows them at its own address alone, and sends none twice to who has it", async () => {
    const home = await visitor.get("/");
    const shown = await visitor.get(`/media/${logo}`);
    const again = await visitor.get(`/media/${logo}`, {
      "If-None-Match": String(shown.headers["etag"]),
    });

    expect(home.text).to.include(`/media/${logo}`).and.not.include(bucket.place.endpoint);
    expect(JSON.stringify(home.headers)).to.not.include(bucket.place.endpoint);
    expect(shown.status).to.equal(200);
    expect(shown.headers).to.include({
      "content-type": "image/png",
      "cache-control": "public, max-age=31536000, immutable",
    });
    expect(again).to.include({ status: 304, text: "" });
    expect([...bucket.objects.keys()].map((key) => key.split("/")[1])).to.deep.equal([logo]);
  });

  it("gives out no removed picture again, though a copy of it comes back into the bucket", async () => {
    const { media, instance } = await town.ctx(host);
    const name = await media.put(await picture(55), "png", 0);
    const [key, copy] = [`${instance._id}/${name}`, bucket.objects.get(`${instance._id}/${name}`)];
    await media.remove(name);
    bucket.objects.set(key, copy!);

    const shown = await visitor.get(`/media/${name}`);

    expect([shown.status, await media.get(name)]).to.deep.equal([404, null]);
    bucket.objects.delete(key);
  });

  it("names no picture that the bucket has not taken, and says so beside its field", async () => {
    bucket.faults.push(503, 503);

    const refusal = await rejection(picture(99).then(show));

    expect(refusal).to.deep.include({
      code: "unavailable",
      errors: [{ field: "logo", key: "instance-profile.errors.unavailable", params: {} }],
    });
    expect(await named()).to.equal(logo);
  });

  it("goes on serving pages, and stays ready, while the bucket does not answer", async () => {
    const other = logo.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const at = town.clock.now();
    const row = { bytes: 1, at, until: at, claimedUntil: null };
    await (
      await town.ctx(host)
    )
      .collection(keptFilesCollection)
      .insertOne({ ...row, _id: other, name: other });
    bucket.faults.push(503, 503);

    const missing = await visitor.get(`/media/${other}`);
    const [home, ready] = [await visitor.get("/"), await visitor.get("/readyz")];

    expect(missing.status).to.equal(503);
    expect(missing.headers["retry-after"]).to.equal("10");
    expect(missing.text).to.not.include("SlowDown");
    expect([home.status, ready.status]).to.deep.equal([200, 200]);
  });
});
