import { expect } from "chai";
import { MediaUnavailable, type Media } from "../../../src/drivers/media.js";
import type {
  PictureWish,
  Presentation,
} from "../../../src/features/instance-profile/instance-profile.js";
import { profileOf, usageOf, type Ctx } from "../../../src/kit/index.js";
import { aDeployment, type Deployment } from "../../support/deployment.js";
import { between, Died, failing } from "../../support/faults.js";
import { aMedia, aPicture } from "../../support/media.js";
import { present } from "../../support/presenting.js";
import { rejection } from "../../drivers/store.conformance-support.js";

const host = "valmont.example";
const hour = 3_600_000;
const week = 7 * 24 * hour;

describe("a picture that a city uploaded and that never came into use", function () {
  this.timeout(30_000);
  const place = aMedia();
  const death = failing("instances", "findOneAndUpdate");
  const naming = between("instances", "findOneAndUpdate");
  let isAway = false;
  let site: Deployment;
  before(async () => {
    const media: Media = {
      ...place,
      put: (...given) =>
        isAway ? Promise.reject(new MediaUnavailable("away")) : place.put(...given),
    };
    site = await aDeployment({
      media,
      storeThrough: (store) => naming.through(death.through(store)),
    });
    await site.city(host);
    await show({ logo: await upload(10) });
    await later(2 * hour);
  });
  after(() => site.close());

  const upload = async (red: number): Promise<PictureWish> => ({
    ...{ bytes: await aPicture(red), isCut: false },
  });

  async function acting(): Promise<Ctx> {
    const { instance } = await site.ctx(host);
    const member = { _id: "maud", name: "Maud", roles: ["admin"], language: "fr" } as const;
    return site.app.contexts({ instance, member, language: "fr" });
  }

  async function show(pictures: Pick<Partial<Presentation>, "logo" | "banner">): Promise<void> {
    await present(await acting(), pictures);
  }

  async function later(ms: number): Promise<void> {
    site.clock.advance(ms);
    await site.settle();
  }

  /** What takes up room: the figure, and the pictures that lie there. */
  async function room(): Promise<{ used: number; files: string[] }> {
    const files: string[] = [];
    for await (const { name } of place.list()) files.push(name);
    return { used: (await usageOf(await acting())).storage, files: files.sort() };
  }

  it("takes up no room for good when the place of the pictures was away", async () => {
    const before = await room();
    isAway = true;

    const refusal = await rejection(upload(20).then((logo) => show({ logo })));
    isAway = false;

    expect(refusal).to.include({ code: "unavailable" });
    expect((await room()).used).to.be.greaterThan(before.used);
    await later(2 * hour);
    expect(await room()).to.deep.equal(before);
  });

  it("takes up no room for good when the banner beside it was refused", async () => {
    const before = await room();
    await site.app.instances.update((await acting()).instance._id, {
      limits: { storage: before.used * 2 + 100 },
    });

    const refused = show({ logo: await upload(30), banner: await upload(40) });

    expect(await rejection(refused)).to.include({ code: "storage-full" });
    await later(2 * hour);
    expect(await room()).to.deep.equal(before);
    const back = { limits: { storage: "default" } } as const;
    await site.app.instances.update((await acting()).instance._id, back);
  });

  it("takes up no room for good when the process died before the profile named it", async () => {
    const before = await room();
    const logo = await upload(50);
    death.arm(1);

    expect(await rejection(show({ logo }))).to.be.instanceOf(Died);

    expect((await room()).files).to.have.length(before.files.length + 1);
    await later(2 * hour);
    expect(await room()).to.deep.equal(before);
  });

  it("stays when it came into use after all, and the one before it goes a week later", async () => {
    const [former = ""] = (await room()).files;
    const logo = await upload(60);
    death.arm(1);
    await rejection(show({ logo }));

    await show({ logo });
    await later(2 * hour);

    const named = profileOf((await acting()).instance).logo ?? "";
    expect((await room()).files).to.have.members([former, named]);
    await later(7 * 24 * hour);
    expect((await room()).files).to.deep.equal([named]);
  });

  it("stays a week when it was replaced within the hour, as any other that was shown, and then goes", async () => {
    await show({ logo: await upload(70) });
    const early = profileOf((await acting()).instance).logo ?? "";
    await later(hour / 6);
    await show({ logo: await upload(80) });
    const named = profileOf((await acting()).instance).logo ?? "";

    await later(2 * hour);
    expect((await room()).files).to.include.members([early, named]);
    await later(week - 3 * hour);
    expect((await room()).files).to.include(early);
    await later(2 * hour);

    expect((await room()).files).to.deep.equal([named]);
  });

  it("stays when the same one comes again as its hour ends, though the profile names it only later", async () => {
    const logo = await upload(90);
    death.arm(1);
    await rejection(show({ logo }));
    site.clock.advance(hour - 1);
    naming.once(() => later(1));

    await show({ logo });
    await later(2 * hour);

    expect(naming.happened).to.equal(1);
    const named = profileOf((await acting()).instance).logo ?? "";
    expect(await (await acting()).media.get(named)).to.not.equal(null);
    expect((await room()).files).to.include(named);
  });

  it("goes when it came again and was named by nobody, once the later hour has ended", async () => {
    const before = await room();
    const logo = await upload(100);
    for (const wait of [hour / 2, 0]) {
      death.arm(1);
      await rejection(show({ logo }));
      await later(wait);
    }
    await later(hour - 1);
    const meanwhile = await room();
    await later(1);

    expect(meanwhile.files).to.have.length(before.files.length + 1);
    expect(await room()).to.deep.equal(before);
  });
});
