import { expect } from "chai";
import type { Media } from "../../src/drivers/media.js";
import { keptFilesCollection, keptFilesOf } from "../../src/hosting/kept-files.js";
import { usageOf, type Ctx } from "../../src/kit/index.js";
import { noLimits, recountUsage } from "../../src/kit/limits.js";
import { aCity, closeCities, type City } from "../support/city.js";
import { failing, type Fault } from "../support/faults.js";
import { aMedia } from "../support/media.js";
import { rejection } from "../drivers/store.conformance-support.js";

const hour = 3_600_000;
const picture = Buffer.from("the arms of Valmont");

/** What a test puts in the way of the place of the files. */
interface Hooks {
  remove?: ((go: () => Promise<void>) => Promise<void>) | undefined;
}

describe("a picture that is removed and uploaded at the same time", () => {
  const place = aMedia();
  let hooks: Hooks = {};
  let death: Fault;
  let otherDeath: Fault;
  let city: City;
  let ctx: Ctx;

  const media: Media = {
    ...place,
    remove: (...given) => {
      const go = () => place.remove(...given);
      return hooks.remove === undefined ? go() : hooks.remove(go);
    },
  };
  const files = (tries = 400) => keptFilesOf(media, () => ctx, { tries, restMs: 5 });

  beforeEach(async () => {
    hooks = {};
    death = failing(keptFilesCollection.name, "deleteOne");
    otherDeath = failing(keptFilesCollection.name, "updateOne");
    city = await aCity({
      storeThrough: (store) => otherDeath.through(death.through(store)),
      limits: { ...noLimits, storage: picture.byteLength },
    });
    ctx = city.visitor;
  });
  afterEach(closeCities);

  const upload = (leastMs = hour): Promise<string> => files().put(picture, "png", leastMs);

  /** One picture is there, counted once, written down once, and given out. */
  async function expectKept(name: string): Promise<void> {
    const rows = await ctx.collection(keptFilesCollection).find({}).toArray();
    const { storage } = await usageOf(ctx);
    const shown = await files().get(name);
    expect(shown?.toString()).to.equal(picture.toString());
    expect(rows.map((row) => [row.name, row.claimedUntil])).to.deep.equal([[name, null]]);
    expect(storage).to.equal(picture.byteLength);
  }

  for (const moment of ["before", "after"] as const) {
    it(`is kept, when the upload comes just ${moment} the file goes`, async () => {
      const name = await upload(0);
      const uploads: Array<Promise<string>> = [];
      hooks.remove = async (go) => {
        hooks.remove = undefined;
        if (moment === "after") await go();
        uploads.push(upload());
        // The upload has seen by then that the picture is being removed.
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (moment === "before") await go();
      };

      expect(await files().remove(name)).to.equal(null);

      expect(await Promise.all(uploads)).to.deep.equal([name]);
      await expectKept(name);
    });
  }

  it("is kept, though the process died that was removing it before its row was gone", async () => {
    const name = await upload(0);
    death.arm(1);
    await rejection(files().remove(name));
    expect(await files().get(name)).to.equal(null);

    const atOnce = await rejection(files(3).put(picture, "png", hour));
    city.clock.advance(60_000);
    await upload();

    expect(atOnce).to.include({ name: "MediaUnavailable" });
    await expectKept(name);
  });

  it("is kept, though the process died that was removing it before the file was gone", async () => {
    const name = await upload(0);
    hooks.remove = () => Promise.reject(new Error("the process died here"));
    await rejection(files().remove(name));
    hooks = {};
    city.clock.advance(60_000);

    await upload();

    await expectKept(name);
  });

  it("is kept, though the process died that was making room for it", async () => {
    otherDeath.arm(2);
    await rejection(upload());
    const { storage } = await usageOf(ctx);
    city.clock.advance(60_000);

    const full = await rejection(upload());
    await recountUsage(ctx, "storage", async () => 0);
    const name = await upload();

    expect(storage).to.equal(picture.byteLength);
    expect(full).to.include({ code: "storage-full" });
    await expectKept(name);
  });

  it("is removed by whoever comes after the one that died", async () => {
    const name = await upload(0);
    death.arm(1);
    await rejection(files().remove(name));

    const notBefore = await files().remove(name);
    city.clock.advance(60_000);

    expect(notBefore).to.deep.equal(ctx.clock.now());
    expect(await files().remove(name)).to.equal(null);
    expect((await usageOf(ctx)).storage).to.equal(0);
    expect(await ctx.collection(keptFilesCollection).countDocuments({})).to.equal(0);
  });

  it("stays for as long as the last of those who uploaded it may take to name it", async () => {
    const name = await upload();
    city.clock.advance(hour - 1);
    await upload();
    city.clock.advance(1);

    const notBefore = await files().remove(name);

    expect(notBefore?.getTime()).to.equal(ctx.clock.now().getTime() + hour - 1);
    await expectKept(name);
  });

  it("is counted once, and refused to none, when many upload it into the last room at once", async () => {
    const names = await Promise.all(Array.from({ length: 12 }, () => upload()));

    await expectKept(names[0] ?? "");
    const other = files().put(Buffer.from("another"), "png", hour);
    expect(await rejection(other)).to.include({ code: "storage-full" });
  });
});
