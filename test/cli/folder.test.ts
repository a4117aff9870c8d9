import { join } from "node:path";
import { expect } from "chai";
import { root, run, scratchFolder, write } from "../bootstrap/scratch.js";
import { builtChild } from "../support/built.js";

describe("a command that is called from another folder than it runs in", function () {
  this.timeout(60_000);
  const folder = scratchFolder();
  let cli: string;
  const backup = (to: string, env: NodeJS.ProcessEnv): ReturnType<typeof run> =>
    run([cli, "backup", "--to", to], root, { MONGODB_URL: "", ...env });

  before(async () => {
    cli = await builtChild(new URL("../../src/cli.ts", import.meta.url));
    write(folder(), { "city.backup": "of last night" });
  });

  it("finds files where its caller stands", async () => {
    const { out } = await backup("city.backup", { PARVIS_FOLDER: folder(), DATA_DIR: folder() });

    expect(out).to.equal("city.backup exists already.\n");
  });

  it("says when that folder is closed to it, and where files have to be; its data are where they were", async () => {
    const PARVIS_FOLDER = join(folder(), "closed");

    const { code, out } = await backup("city.backup", { PARVIS_FOLDER, DATA_DIR: "no-such-data" });

    expect(code).to.equal(1);
    expect(out).to.include(`cannot enter ${PARVIS_FOLDER}`).and.include("whole path");
    expect(out).to.include(join(root, "no-such-data"));
  });
});
