import { expect } from "chai";
import { createApp, driversFor } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { foundInstance, type Founded } from "../../src/features/set-up/founding.js";
import { starterThemes } from "../../src/features/topics/starter-themes.js";
import { topics } from "../../src/features/topics/topics.js";
import { actingFor } from "../../src/cli/deployment.js";
import { failing, type Fault } from "../support/faults.js";
import { openDesk } from "./support.js";

const themes = starterThemes.fr.length;

describe("a city that is made on the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  after(() => desk.remove());

  const cityAt = (host: string): Founded => ({
    ...{ origin: `https://${host}`, name: "Valmont", kind: "city", language: "fr" },
    ...{ handle: "valmont", aliases: [`www.${host}`] },
  });
  const command = (host: string): string[] => [
    ...["instance", "create", "--origin", `https://${host}`, "--name", "Valmont"],
    ...["--kind", "city", "--alias", `www.${host}`],
  ];
  const one = "one.example";
  const moments: ReadonlyArray<readonly [host: string, fault: Fault, nth: number]> = [
    [one, failing("topics", "insertOne"), 1],
    ["two.example", failing("topics", "insertOne"), 4],
    ["three.example", failing("instances", "findOneAndUpdate"), 1],
    ["four.example", failing("topics", "insertOne"), 1],
    ["five.example", failing("topics", "insertOne"), 2],
  ];
  // What the command does in processes that die: each over a write.
  before(async () => {
    const config = loadConfig(desk.env);
    const drivers = await driversFor(config);
    const store = moments.reduce((inner, [, fault]) => fault.through(inner), drivers.store);
    const app = await createApp(config, { ...drivers, store });
    for (const [host, fault, nth] of moments) {
      fault.arm(nth);
      await foundInstance(app, cityAt(host)).catch(() => undefined);
      expect(fault.deaths).to.equal(1);
    }
    await app.close();
  });
  const seen = async (...hosts: readonly string[]) => {
    const app = await createApp(loadConfig(desk.env));
    const found = [];
    for (const host of hosts) {
      const instance = (await app.instances.byHost(host))!;
      found.push([instance.state, (await topics(actingFor(app, instance))).length]);
    }
    await app.close();
    return found;
  };

  it("has all its topics once the command is run again, wherever it died, and is not open before", async () => {
    const hosts = moments.slice(0, 3).map(([host]) => host);

    const before = await seen(...hosts);
    const again = [];
    for (const host of hosts) again.push(await desk.run(command(host)));
    const late = await desk.run(command(one));

    expect(before.map(([state]) => state)).to.deep.equal(["new", "new", "new"]);
    expect(again.map(({ code, err }) => [code, err])).to.deep.equal(hosts.map(() => [0, ""]));
    expect(again[0]?.out).to.include(`admin create --instance ${one}`);
    expect(await seen(...hosts)).to.deep.equal(hosts.map(() => ["active", themes]));
    expect(late.code).to.equal(1);
    expect(late.err).to.equal(`An instance has this host already: ${one}\n`);
  });

  it("tells by which words it was begun when others are used, and whoever wants more of it", async () => {
    const host = "four.example";
    const named = ["--instance", host, "--mail", "ada@example.org", "--name", "Ada"];

    const other = await desk.run([...command(host).slice(0, 5), "Valmonte", "--kind", "city"]);
    const admin = await desk.run(["admin", "create", ...named]);
    const begun = /^ {2}npm run parvis -- instance create (.*)$/m.exec(other.err)?.[1] ?? "";
    const argv = [...begun.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare);
    const again = await desk.run(["instance", "create", ...argv.map(String)]);

    expect([other.code, admin.code, again.code]).to.deep.equal([1, 1, 0]);
    expect(other.err).to.contain("never made to its end").and.contain("--handle valmont");
    expect(admin.err).to.contain("instance create again");
    expect(await seen(host)).to.deep.equal([["active", themes]]);
  });

  it("is finished by two who run the same command at once, once", async () => {
    const host = "five.example";

    const codes = await Promise.all([desk.run(command(host)), desk.run(command(host))]);

    expect(codes.some(({ code }) => code === 0)).to.equal(true);
    expect(await seen(host)).to.deep.equal([["active", themes]]);
  });
});
