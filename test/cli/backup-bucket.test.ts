import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { openStore } from "../../src/drivers/store/open.js";
import { beginCopy, endCopy } from "../../src/drivers/store/unfinished.js";
import { collectGarbage } from "../support/garbage.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aBucket, type Bucket } from "../support/s3.js";
import { openDesk, type Desk, type Ended } from "./support.js";

describe("a deployment with its pictures in a bucket", function () {
  this.timeout(60_000);
  const desks: Desk[] = [];
  const aDesk = (more: Record<string, string> = {}): Desk => {
    const desk = openDesk(more);
    desks.push(desk);
    return desk;
  };
  const town = aDesk();
  const file = join(town.dataDir, "town.backup");
  let bucket: Bucket;
  let picture = "";
  before(async () => {
    bucket = await aBucket();
    const city = ["--origin", "https://valmont.example", "--name", "Valmont", "--kind", "city"];
    await run(town, ["instance", "create", ...city]);
    const media = createFileMedia(join(town.dataDir, "media"));
    picture = await media.put("town", Buffer.from("a picture"), "png");
    expect((await run(town, ["backup", "--to", file])).code).to.equal(0);
  });
  after(async () => {
    desks.forEach((desk) => desk.remove());
    await bucket.close();
  });
  const run = async (desk: Desk, argv: readonly string[], env: object = {}): Promise<Ended> => {
    await collectGarbage();
    return desk.run(argv, { env });
  };
  const objects = (): string[] => [...bucket.objects.keys()].sort();

  it("is restored there with nothing but its own pictures, and comes back to a folder", async () => {
    const place = aDesk(bucket.env);
    bucket.objects.set(`old/${"1".repeat(64)}.png`, Buffer.from("of a former deployment"));

    const full = await run(place, ["restore", "--from", file]);
    const forced = await run(place, ["restore", "--from", file, "--force"]);
    const own = join(place.dataDir, "own.backup");
    const saved = await run(place, ["backup", "--to", own]);
    const back = aDesk();
    const restored = await run(back, ["restore", "--from", own]);

    expect(full.err)
      .to.include("There are pictures in the bucket parvis-media (old)")
      .and.include("as beside a trial, name another bucket");
    for (const ended of [forced, saved, restored]) expect(ended.code, ended.err).to.equal(0);
    expect(objects()).to.deep.equal([`town/${picture}`]);
    expect(existsSync(join(place.dataDir, "media"))).to.equal(false);
    expect(readdirSync(join(back.dataDir, "media", "town"))).to.deep.equal([picture]);
    const listed = await run(back, ["instance", "list"]);
    expect(listed.out).to.include("valmont.example");
  });

  it("is as it was when the bucket refuses the first picture of a restore", async () => {
    const place = aDesk(bucket.env);
    const before = objects();
    bucket.faults.push(403);

    const failed = await run(place, ["restore", "--from", file, "--force"]);

    expect(failed.code).to.equal(1);
    expect(failed.err).to.include("the bucket of the pictures cannot be used now");
    expect(existsSync(join(place.dataDir, "restoring"))).to.equal(false);
    expect(objects()).to.deep.equal(before);
    expect((await run(place, ["instance", "list"])).out).to.equal("There is no instance yet.\n");
  });

  describe("and MongoDB", () => {
    needs("mongodb");
    afterEach(closeMongoStores);

    for (const ends of [false, true]) {
      it(`is not taken for backed up when a restore ${ends ? "began and ended" : "began"} meanwhile`, async () => {
        const url = await aMongoDatabase();
        const place = aDesk({ ...bucket.env, MONGODB_URL: url });
        const store = await openStore(url);
        await store.collection("notes").insertOne({ _id: "1" });
        let goOn = (): void => undefined;
        bucket.faults.push(new Promise((resolve) => (goOn = resolve)));
        const before = bucket.asked.length;

        const ended = run(place, ["backup", "--to", join(place.dataDir, "new.backup")]);
        // The rows are read, and the list of pictures waits.
        while (bucket.asked.length === before) await new Promise((on) => setTimeout(on, 5));
        await beginCopy(store, { by: "restore", from: "yesterday.backup" });
        if (ends) await endCopy(store);
        goOn();
        const { code, err } = await ended;
        const later = await run(place, ["backup", "--to", join(place.dataDir, "later.backup")]);

        await store.close();
        expect([code, later.code, existsSync(join(place.dataDir, "new.backup"))]).to.deep.equal([
          ...[1, ends ? 0 : 1, false],
        ]);
        expect(err).to.include(
          ends
            ? "into the store while it was read: take the backup again"
            : "a copy that did not end (restore from yesterday.backup)",
        );
      });
    }

    it("can be served from its file again when a restore into MongoDB fails", async () => {
      const place = aDesk(bucket.env);
      const env = { MONGODB_URL: await aMongoDatabase() };
      await run(place, ["doctor"]);
      bucket.faults.push(403);

      const failed = await run(place, ["restore", "--from", file, "--force"], env);
      const there = await run(place, ["instance", "list"], env);
      const here = await run(place, ["instance", "list"]);

      expect(failed.err).to.include("the bucket of the pictures cannot be used now");
      expect(there.err).to.include("a copy that did not end");
      expect([here.code, here.err]).to.deep.equal([0, ""]);
    });
  });

  it("is not served before a restore has removed what is not its own", async () => {
    const place = aDesk(bucket.env);
    const former = `old/${"2".repeat(64)}.png`;
    bucket.objects.set(former, Buffer.from("of a former deployment"));
    // The picture is put and the list comes, and then the removal fails.
    bucket.faults.push("none", "none", 403);

    const failed = await run(place, ["restore", "--from", file, "--force"]);
    const meanwhile = await run(place, ["instance", "list"]);
    const again = await run(place, ["restore", "--from", file]);

    expect(failed.code, failed.out).to.equal(1);
    expect(meanwhile.err).to.include("has not ended: run it again");
    expect(again.code, again.err).to.equal(0);
    expect(objects()).to.deep.equal([`town/${picture}`]);
  });
});
