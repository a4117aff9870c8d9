import { expect } from "chai";
import { openDesk } from "./support.js";

const host = "valmont.example";
const ada = "ada@mail.example";

describe("operator on the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  before(async () => {
    const city = ["--name", "Valmont", "--kind", "city", "--origin", `https://${host}`];
    city.push("--alias", `www.${host}`);
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

  it("shows what was changed, in words, with what changed nothing, a part at a time", async () => {
    await desk.run(["instance", "limits", host, "--storage", "3 GB"]);
    await desk.run(["queue", "drop", "--queue", "default", "nope"]);
    const journal = (...more: string[]) => desk.run(["operator", "journal", ...more]);
    const { out } = await journal();
    type Line = { id: string; deed: { act: string }; changedNothing: boolean };
    const last = await desk.json<readonly Line[]>(["operator", "journal", "--limit", "1"]);
    const rest = await desk.json<readonly Line[]>([
      ...["operator", "journal", "--limit", "1", "--before", last[0]?.id ?? ""],
    ]);

    expect(out.split(/(?=^\d{4}-)/m)[0]).to.match(
      /Command line\n  Job dropped: nope \(Everyday jobs\)\n  To no effect/,
    );
    expect(out).to.match(/Limits changed: valmont\.example \(pictures: 3.GB\)/);
    expect(out).to.contain(`No longer an operator: Ada (${host})`);
    expect(last[0]).to.deep.include({
      ...{ deed: { act: "job-dropped", queue: "default", id: "nope" }, changedNothing: true },
    });
    expect(rest[0]?.deed.act).to.equal("instance-limited");
    expect(rest[0]?.changedNothing).to.equal(false);
    expect((await journal("--instance", host)).out).not.to.contain("nope");
    expect(await journal("--limit", "0")).to.include({ code: 2 });
  });

  it("says of no instance that nothing was changed there, when it was only named otherwise or mistyped", async () => {
    await desk.run(["instance", "limits", host, "--storage", "3 GB"]);
    const about = (name: string) => desk.run(["operator", "journal", "--instance", name]);

    for (const name of [`www.${host}`, `https://${host}`, "Valmont.Example"])
      expect((await about(name)).out, name).to.contain("Limits changed");
    const mistyped = await about("valmnt.example");
    expect(mistyped).to.include({ code: 1, out: "" });
    expect(mistyped.err).to.contain('No instance is called "valmnt.example"');
  });
});
