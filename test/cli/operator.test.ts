import { expect } from "chai";
import { openDesk } from "./support.js";

const host = "valmont.example";
const ada = "ada@mail.example";

describe("operator on the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  before(async () => {
    const city = ["--name", "Valmont", "--kind", "city", "--origin", `https://${host}`];
    expect((await desk.run(["instance", "create", ...city])).code).to.equal(0);
    const admin = ["--instance", host, "--mail", ada, "--name", "Ada"];
    expect((await desk.run(["admin", "create", ...admin])).code).to.equal(0);
  });
  after(() => desk.remove());

  const list = () =>
    desk.json<ReadonlyArray<{ name: string; instance: string }>>(["operator", "list"]);

  it("names a member once, shows who they are, and takes it back", async () => {
    const who = ["--instance", host, "--mail", ada];
    const first = await desk.run(["operator", "grant", ...who]);
    const second = await desk.run(["operator", "grant", ...who]);

    expect(first.out).to.equal(
      `Ada is an operator now. The pages are at https://${host}/operator\n`,
    );
    expect(second.out).to.contain("already");
    const [known, ...others] = await list();
    expect(known).to.include({ name: "Ada", instance: host });
    expect(others).to.deep.equal([]);

    const taken = await desk.run(["operator", "revoke", ...who]);
    expect(taken.out).to.equal("Ada is no operator any more.\n");
    expect(await list()).to.deep.equal([]);
    expect((await desk.run(["operator", "revoke", ...who])).out).to.contain("was no operator");
  });

  it("names nobody who could not sign in, and says what is wrong", async () => {
    const grant = (...who: string[]) => desk.run(["operator", "grant", "--instance", host, ...who]);

    expect(await grant("--mail", "bea@mail.example")).to.include({ code: 1 });
    expect(await grant("--member", "nobody")).to.include({ code: 1 });
    expect(await grant("--mail", "bea")).to.include({ code: 2 });
    expect(await grant()).to.include({ code: 2 });
    expect(await list()).to.deep.equal([]);
  });
});
