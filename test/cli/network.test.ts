import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openDesk, type Desk } from "./support.js";

describe("the command for the network", function () {
  this.timeout(60_000);
  let desk: Desk;
  const at = ["--instance", "parvis.example"];
  const run = (...argv: string[]) => desk.run(["network", ...argv, ...at]);

  before(async () => {
    desk = openDesk();
    await desk.run([
      ...["instance", "create", "--origin", "https://parvis.example"],
      ...["--name", "Valmont", "--kind", "city"],
    ]);
  });
  after(() => desk.remove());

  it("says and changes with whom an instance exchanges", async () => {
    expect((await run("mode")).out).to.contain("open; documents are given to everybody");
    expect((await run("mode", "closed", "--signed-reads", "yes")).code).to.equal(0);
    expect(await desk.json(["network", "mode", ...at])).to.deep.equal({
      ...{ instance: "parvis.example", mode: "closed", signedReads: true },
    });
    expect((await run("mode", "ajar")).code).to.equal(2);
    expect((await desk.run(["network", "mode", "open", "--instance", "no.example"])).code).to.equal(
      1,
    );
    expect((await run("mode", "open", "--signed-reads", "no")).code).to.equal(0);
  });

  it("keeps lists, and refuses what is no host", async () => {
    for (const [act, who, code] of [
      ["allow", "velo.example", 0],
      ["disallow", "velo.example", 0],
      ["allow", "https://velo.example/users/a", 2],
      ["block", "Flood.Example", 0],
      ["limit", "https://quiet.example/users/a", 0],
      ["block", "flood", 2],
      ["block", "https://parvis.example", 2],
    ] as const) {
      expect((await run(act, who)).code, `${act} ${who}`).to.equal(code);
    }
    await run("limit", "calm.example", "--reason", "Bavard, trop");
    expect((await run("export")).out).to.contain('calm.example,silence,false,false,"Bavard, trop"');
    await run("unblock", "calm.example");
    expect((await run("export")).out)
      .to.contain("flood.example")
      .and.not.to.contain("calm");
  });

  it("says what is wrong with a server that is to be tested", async () => {
    const mistyped = await run("test", "velo");
    const itself = await run("test", "parvis.example");

    expect(mistyped.err).to.equal("This is no server such as velo.example.\n");
    expect(itself.err).to.contain("name another server");
  });

  it("takes over a list, and names the lines that it cannot read", async () => {
    const file = join(desk.dataDir, "blocks.csv");
    writeFileSync(file, "#domain,#severity\none.example,suspend\nt*o.example,suspend\n");
    const ended = await run("import", file);
    expect([ended.code, ended.out]).to.deep.equal([1, "1 taken.\nline 3 was not taken: host\n"]);
    writeFileSync(file, "bonjour");
    expect((await run("import", file)).err).to.contain("names no column");
  });
});
