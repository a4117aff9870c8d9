import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../../src/drivers/disk.js";
import { createFileMailer } from "../../src/drivers/mail.js";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { keptSecret } from "../../src/secret.js";
import { lasting } from "../support/lasting.js";
import { needsLinux } from "../support/needs.js";

const nobody = { info: () => undefined };
const mail = { to: "camille@mail.example", subject: "Bienvenue", text: "Bonjour." };

describe("what is written to the disk of a city", () => {
  const root = mkdtempSync(join(tmpdir(), "parvis-disk-"));
  after(() => rmSync(root, { recursive: true, force: true }));
  before(function () {
    needsLinux(this, "which folders are synced");
  });

  it("is there after a power cut once it is said to be: a picture, under its name and in its folder", async () => {
    const directory = join(root, "data", "media");
    const media = createFileMedia(directory);
    const state = { path: join(directory, "town") };
    const put = async (): Promise<void> => {
      const name = await media.put("town", Buffer.from("a picture"), "png");
      state.path = join(directory, "town", name);
    };
    const made = await lasting(put, () => state.path);
    const again = await lasting(put, () => state.path);

    const folders = made.filter(([path]) => dirname(path) !== join(directory, ".new"));
    expect(folders.map(([path]) => path).slice(0, 3)).to.deep.equal([
      directory,
      dirname(directory),
      root,
    ]);
    expect(dirname(made[3]?.[0] ?? "")).to.equal(join(directory, ".new"));
    expect(made.slice(-2)).to.deep.equal([
      [join(directory, "town"), true],
      [directory, true],
    ]);
    // Whoever brought it may have died before its folder was safe.
    expect(again.map(([path]) => path)).to.deep.equal([join(directory, "town"), directory]);
  });

  it("is there after a power cut, a mail that is kept as a file, too", async () => {
    const directory = join(root, "mails");
    const mailer = createFileMailer({
      directory,
      from: "Ville <ville@ville.example>",
      log: nobody,
    });
    await mailer.check();

    const made = await lasting(
      () => mailer.send(mail),
      () => directory,
    );

    expect(made.map(([path]) => path).at(-1)).to.equal(directory);
    expect(basename(made[0]?.[0] ?? "")).to.match(/^\..*\.part$/);
  });

  it("is there after a power cut, the secret on which all signing in stands, before anything rests on it", async () => {
    const folder = join(root, "new");
    const secret = join(folder, "secret");

    const made = await lasting(
      () => keptSecret(folder),
      () => secret,
    );

    expect(made.map(([path]) => dirname(path))).to.deep.equal([dirname(root), folder, root]);
    expect(made.at(-1)).to.deep.equal([folder, true]);
  });

  it("is kept as well where the file system cannot be asked for it", async () => {
    await syncFolder("/proc");
  });
});
