import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { App } from "../../src/app.js";
import { actingFor, withApp } from "../../src/cli/deployment.js";
import { accountsCollection } from "../../src/features/accounts/accounts.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import type { InstanceState } from "../../src/kit/index.js";
import { openDesk } from "./support.js";

const host = "valmont.example";

interface Shown {
  readonly state: string;
  readonly suspension: { readonly reason: string } | null;
  readonly deletion: { readonly at: string; readonly until: string } | null;
}

describe("closing an instance from the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  before(async () => {
    const city = ["--name", "Valmont", "--kind", "city"];
    await desk.run(["instance", "create", "--origin", `https://${host}`, ...city]);
  });
  after(() => desk.remove());

  const inApp = <R>(work: (app: App) => Promise<R>): Promise<R> => {
    const io = { out: () => undefined, err: () => undefined, input: process.stdin };
    return withApp({ ...io, env: desk.env, isTerminal: false }, work);
  };

  const shown = async (): Promise<Shown> => {
    const [one] = await desk.json<Shown[]>(["instance", "list"]);
    return one!;
  };

  it("writes down why it is suspended, in one line of bounded length", async () => {
    const long = await desk.run(["instance", "suspend", host, "--reason", "x".repeat(301)]);
    await desk.run(["instance", "suspend", host, "--reason", " Travaux \n jusqu’à lundi "]);

    expect(long.code).to.equal(2);
    expect((await shown()).suspension?.reason).to.equal("Travaux jusqu’à lundi");
    await desk.run(["instance", "resume", host]);
    expect(await shown()).to.include({ state: "active", suspension: null });
  });

  it("gives visitors another reason while it stays suspended, and keeps the one they read for none", async () => {
    const suspend = (reason: string) => desk.run(["instance", "suspend", host, "--reason", reason]);
    const told = async (): Promise<string | undefined> => (await shown()).suspension?.reason;
    await suspend("Until Monday.");

    const same = await suspend("Until Monday.");
    const kept = [await suspend(""), await told()] as const;
    const other = await suspend("Until Tuesday.");
    const now = await told();
    await desk.run(["instance", "resume", host]);

    expect([same.code, kept[0].code, other.code]).to.deep.equal([0, 0, 0]);
    expect(kept[1]).to.equal("Until Monday.");
    expect(other.out).to.contain("new reason");
    expect(now).to.equal("Until Tuesday.");
  });

  it("shows what it uses and may use, and changes that for it alone", async () => {
    const set = ["--storage", "2 GB", "--mails", "none", "--members", "40"];
    const wrong = await desk.run(["instance", "limits", host, "--storage", "much"]);
    const changed = await desk.run(["instance", "limits", host, ...set]);
    const back = await desk.json<object>(["instance", "limits", host, "--members", "default"]);

    expect(wrong.code).to.equal(2);
    expect(changed.out).to.include("storage: 0.0 MB of 2000.0 MB (its own)");
    expect(changed.out).to.include("mails: 0 a day, no limit (its own)");
    expect(back).to.deep.include({ limits: { storage: 2e9, mails: null, members: null } });
    expect(back).to.deep.include({ own: { storage: 2e9, mails: null } });
  });

  it("deletes nothing unless its host is typed once more", async () => {
    const silent = await desk.run(["instance", "delete", host]);
    const wrong = await desk.run(["instance", "delete", host], { input: "roche.example\n" });
    const confirmed = await desk.run(["instance", "delete", host, "--confirm", "valmont"]);

    expect([silent.code, wrong.code, confirmed.code]).to.deep.equal([1, 1, 1]);
    expect(wrong.err).to.include("left as it is").and.include("--backup");
    expect((await shown()).state).to.equal("active");
  });

  it("makes a backup first when asked, and tells how and until when it comes back", async () => {
    const file = join(desk.dataDir, "before.backup");

    const deleted = await desk.run(["instance", "delete", host, "--backup", file], {
      input: "Valmont.example\n",
    });
    const { state, deletion } = await shown();
    const again = await desk.run(["instance", "delete", host, "--confirm", host]);
    const resumed = await desk.run(["instance", "resume", host]);

    expect(deleted.code).to.equal(0);
    expect(deleted.out).to.include(`instance undelete ${host}`).and.include("Written:");
    expect(existsSync(file)).to.equal(true);
    expect(state).to.equal("deleted");
    const days = (Date.parse(deletion!.until) - Date.parse(deletion!.at)) / 86_400_000;
    expect(days).to.equal(30);
    expect(again.err).to.include("deleted already");
    expect(resumed.err).to.include("was deleted");
  });

  it("brings it back within its grace, and says so when that has ended", async () => {
    const back = await desk.run(["instance", "undelete", host]);
    const twice = await desk.run(["instance", "undelete", host]);
    const closed = await desk.run(["instance", "delete", host, "--grace", "0", "--confirm", host]);
    const late = await desk.run(["instance", "undelete", host]);

    expect(back.out).to.equal(`${host} is back (active).\n`);
    expect(twice.err).to.include("is not deleted");
    expect(closed.out).to.contain("It cannot come back").and.not.to.contain("can come back until");
    expect(late.code).to.equal(1);
    expect(late.err).to.include("has ended");
  });

  it("stands in the operators' journal, every change of it and nothing that was refused", async () => {
    await desk.run(["instance", "limits", host, "--members", "9"]);
    const journal = await inApp((app) => app.operators.operators.journal({ limit: 20 }));

    expect([...journal].reverse().map(({ deed }) => deed)).to.deep.equal([
      { act: "instance-suspended", host, reason: "Travaux jusqu’à lundi" },
      { act: "instance-resumed", host },
      { act: "instance-suspended", host, reason: "Until Monday." },
      { act: "instance-explained", host, reason: "Until Tuesday." },
      { act: "instance-resumed", host },
      {
        ...{ act: "instance-limited", host },
        limits: { storage: 2_000_000_000, mails: null, members: 40 },
      },
      { act: "instance-limited", host, limits: { members: "default" } },
      { act: "instance-deleted", host, graceDays: 30 },
      { act: "instance-undeleted", host },
      { act: "instance-deleted", host, graceDays: 0 },
    ]);
    expect(journal.every(({ by, isVain }) => by === null && isVain === undefined)).to.equal(true);
  });

  describe("once it is deleted", () => {
    const mail = "ada@mail.example";
    const file = (): string => {
      const path = join(desk.dataDir, "proposals.ndjson");
      writeFileSync(path, JSON.stringify({ code: "A-1", title: "Des bancs", body: "Partout." }));
      return path;
    };
    const stateIs = (state: InstanceState, until: Date) =>
      inApp(async ({ instances }) => {
        const { _id } = (await instances.byHost(host))!;
        await instances.update(_id, {
          state,
          deletion: { before: "active", at: new Date(), until },
        });
      });
    const to = ["--instance", host];
    const writing: ReadonlyArray<readonly [string, () => readonly string[]]> = [
      ["admin", () => ["create", ...to, "--mail", mail, "--name", "Ada"]],
      ["operator", () => ["grant", ...to, "--mail", mail]],
      ["network", () => ["mode", "allow-list", ...to]],
      ["network", () => ["block", "flood.example", ...to]],
      ["import", () => [file(), ...to]],
    ];

    it("takes nothing in that would be there for ever, and says so", async () => {
      await stateIs("gone", new Date(0));

      for (const [command, argv] of writing) {
        const { code, err } = await desk.run([command, ...argv()]);
        expect(code, command).to.equal(1);
        expect(err, command).to.match(new RegExp(`^${host} was deleted: .*nothing is written`));
      }
      const left = await inApp(async (app) => {
        const ctx = actingFor(app, (await app.instances.byHost(host))!);
        const accounts = ctx.collection(accountsCollection);
        const proposals = ctx.collection(proposalsCollection);
        return [await accounts.countDocuments({}), await proposals.countDocuments({})];
      });
      expect(left).to.deep.equal([0, 0]);
    });

    it("says how it comes back while it may, and still shows what it was", async () => {
      await stateIs("leaving", new Date(Date.now() + 86_400_000));
      const leaving = await desk.run(["network", "mode", "closed", ...to]);
      await stateIs("deleted", new Date(Date.now() + 86_400_000));
      const deleted = await desk.run(["network", "mode", "closed", ...to]);
      const asked = await desk.run(["network", "mode", ...to]);

      expect([leaving.code, deleted.code, asked.code]).to.deep.equal([1, 1, 0]);
      expect(leaving.err).to.contain("cannot come back");
      expect(deleted.err).to.contain(`instance undelete ${host}`);
      expect(asked.out).to.contain("open");
    });
  });
});
