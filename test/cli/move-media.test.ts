import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { aBucket, type Bucket } from "../support/s3.js";
import { openDesk, type Desk } from "./support.js";

interface Moved {
  readonly files: number;
  readonly copied: number;
  readonly bytes: number;
  readonly sha256: string;
}

describe("the pictures of a deployment", () => {
  let bucket: Bucket;
  let desk: Desk;
  let names: string[];
  beforeEach(async () => {
    bucket = await aBucket();
    desk = openDesk(bucket.env);
    const media = createFileMedia(join(desk.dataDir, "media"));
    names = [];
    for (let n = 0; n < 20; n += 1) {
      names.push(`town/${await media.put("town", Buffer.from(`picture ${n}`), "png")}`);
    }
    names.sort();
  });
  afterEach(async () => {
    await bucket.close();
    desk.remove();
  });
  const kept = (): string[] => [...bucket.objects.keys()].sort();

  it("move to a bucket and back into an empty folder, counted and compared", async () => {
    const there = await desk.json<Moved>(["move-media", "--to", "s3"]);
    const elsewhere = openDesk(bucket.env);
    const back = await elsewhere.json<Moved>(["move-media", "--to", "file"]);
    const files = readdirSync(join(elsewhere.dataDir, "media", "town"));
    elsewhere.remove();

    const sum = createHash("sha256").update(names.map((name) => `${name}\n`).join(""));
    expect(there).to.deep.include({ files: 20, copied: 20, sha256: sum.digest("hex") });
    expect(kept()).to.deep.equal(names);
    expect(files.sort().map((name) => `town/${name}`)).to.deep.equal(names);
    expect(back).to.deep.equal({ ...there, to: "file" });
  });

  it("stay in the old place until the operator empties it, and the command says so", async () => {
    const there = await desk.run(["move-media", "--to", "s3"]);
    const back = await desk.run(["move-media", "--to", "file"]);

    expect(there.out).to.include("empty the media folder of DATA_DIR");
    expect(back.out).to.include("empty the bucket");
  });

  it("go on where a move was broken off, and stay where they came from", async () => {
    // Some pictures get through before the bucket fails for good.
    bucket.faults.push(...Array.from({ length: 40 }, () => "none" as const));
    bucket.faults.push(...Array.from({ length: 40 }, () => 403));
    const broken = await desk.run(["move-media", "--to", "s3"]);
    bucket.faults.length = 0;
    const before = bucket.objects.size;

    const again = await desk.json<Moved>(["move-media", "--to", "s3"]);

    expect(broken.code).to.equal(1);
    expect(broken.err).to.include("the bucket of the pictures cannot be used now");
    expect(before).to.be.within(1, 19);
    expect(again).to.deep.include({ files: 20, copied: 20 - before });
    expect(kept()).to.deep.equal(names);
    expect(readdirSync(join(desk.dataDir, "media", "town"))).to.have.length(20);
  });

  it("are not said to have moved while one of them is damaged, on either side", async () => {
    const [name = ""] = names;
    bucket.objects.set(name, Buffer.from("something else"));
    const there = await desk.run(["move-media", "--to", "s3"]);
    bucket.objects.delete(name);
    mkdirSync(join(desk.dataDir, "media"), { recursive: true });
    writeFileSync(join(desk.dataDir, "media", name), "something else");
    const here = await desk.run(["move-media", "--to", "s3"]);

    expect([there.code, here.code]).to.deep.equal([1, 1]);
    expect(there.err).to.include(`${name} is damaged`);
    expect(here.err).to.include(`${name} is damaged`);
  });

  it("are not said to be in a bucket that cannot be used, also when there are none yet", async () => {
    const empty = openDesk(bucket.env);
    bucket.faults.push(...Array.from({ length: 10 }, () => 403));

    const { code, err } = await empty.run(["move-media", "--to", "s3"]);

    empty.remove();
    expect(code).to.equal(1);
    expect(err).to.include("the bucket of the pictures cannot be used now");
  });

  it("move nowhere without a bucket, and no command tells its keys", async () => {
    const none = await desk.run(["move-media", "--to", "s3"], { env: { S3_ENDPOINT: "" } });
    const nowhere = openDesk();
    const unset = await nowhere.run(["move-media", "--to", "file"]);
    nowhere.remove();
    const wrong = await desk.run(["move-media", "--to", "s3"], {
      env: { S3_SECRET_ACCESS_KEY: "un secret de trop" },
    });

    expect(none.err).to.include("S3_ENDPOINT: is needed");
    expect(unset).to.deep.include({ code: 2 });
    expect(wrong.err).to.include("SignatureDoesNotMatch").and.not.include("un secret de trop");
  });
});
