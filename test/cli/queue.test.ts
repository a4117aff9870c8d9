import { expect } from "chai";
import { createApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { spoolCollection } from "../../src/drivers/queue/queue-tables.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { openDesk } from "./support.js";

const host = "valmont.example";
const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };

interface Told {
  readonly queue: string;
  readonly parked: number;
  readonly counts: { readonly dead: number; readonly waiting: number };
  readonly dead: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

describe("queue on the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  before(async () => {
    const city = ["--name", "Valmont", "--kind", "city", "--origin", `https://${host}`];
    expect((await desk.run(["instance", "create", ...city])).code).to.equal(0);
    const app = await createApp(loadConfig(desk.env));
    const instance = await app.instances.byHost(host);
    await app.start();
    const data = { instanceId: instance?._id, payload: {} };
    await app.drivers.queue.add(
      ["a", "b", "c"].map((id) => ({
        ...{ id: `bad/${id}`, queue: "default", data, attempts: 1, backoff },
        name: id === "c" ? "accounts.warn-of-limit" : "accounts.remind",
      })),
    );
    await app.drivers.queue.idle();
    await app.close();
  });
  after(() => desk.remove());

  const told = async (...more: string[]): Promise<Told> => {
    const [first] = await desk.json<readonly Told[]>([
      "queue",
      "list",
      "--queue",
      "default",
      ...more,
    ]);
    if (first === undefined) throw new Error("no queue is told of");
    return first;
  };

  it("shows what was given up, why, and of which instance", async () => {
    const { counts, dead } = await told("--instance", host);
    expect(counts).to.include({ dead: 3, waiting: 0 });
    expect(dead[0]).to.include({ instance: host, tries: 1 });
    expect(dead[0]?.["reason"]).to.match(/^payload of accounts\..+ is not as declared$/);
    expect((await told("--kind", "accounts.warn-of-limit")).dead).to.have.length(1);

    const { out } = await desk.run(["queue", "list"]);
    expect(out).to.match(/^default: 0 waiting, \d+ later, 0 running, 3 given up$/m);
    expect(out).to.contain("delivery: 0 waiting");
  });

  it("retries by id and drops by kind, and says when there is no such job", async () => {
    const act = (...argv: string[]) => desk.run(["queue", ...argv, "--queue", "default"]);

    expect(await act("retry", "bad/a")).to.include({ code: 0, out: "1 job is run again.\n" });
    expect(await act("retry", "bad/a")).to.include({ code: 1, out: "0 jobs are run again.\n" });
    expect((await told()).counts).to.include({ dead: 2, waiting: 1 });
    expect(await act("drop", "--kind", "accounts.remind")).to.include({
      out: "1 job is dropped.\n",
    });
    expect((await told()).dead.map((one) => one["kind"])).to.deep.equal(["accounts.warn-of-limit"]);

    const app = await createApp(loadConfig(desk.env));
    const [last] = await app.operators.operators.journal({ limit: 1 });
    await app.close();
    expect(last?.by).to.equal(null);
    const kind = "accounts.remind";
    expect(last?.deed).to.deep.equal({ act: "jobs-dropped", queue: "default", kind });
  });

  it("counts what waits for a closed instance", async () => {
    const app = await createApp(loadConfig(desk.env));
    const id = (await app.instances.byHost(host))?._id ?? expect.fail("it is there");
    const suspension = { reason: "", at: new Date() };
    await app.instances.update(id, { state: "suspended", suspension });
    await app.start();
    const job = { queue: "default", name: "accounts.remind", attempts: 1, backoff };
    const data = { instanceId: id, payload: {} };
    await app.drivers.queue.add(["a", "b"].map((one) => ({ ...job, data, id: `later/${one}` })));
    await app.drivers.queue.idle();
    await app.close();

    const { parked } = await told();
    const { out } = await desk.run(["queue", "list"]);

    expect(parked).to.be.at.least(2);
    expect(out).to.match(/^default: 0 waiting.* running, \d+ for closed instances, \d+ given up$/m);
  });

  it("counts what is kept until Redis takes it", async () => {
    const app = await createApp(loadConfig(desk.env));
    const spool = app.drivers.store.collection<Row>(spoolCollection);
    await spool.insertOne({ _id: "delivery:a" });
    await app.close();

    const { out } = await desk.run(["queue", "list", "--queue", "delivery"]);

    expect(out).to.match(/^delivery: .* running, 1 kept until Redis takes them, \d+ given up$/m);
  });

  it("refuses what says nothing or too much", async () => {
    for (const argv of [
      ["retry", "--queue", "default"],
      ["drop", "x", "--kind", "y", "--queue", "default"],
      ["drop", "x"],
      ["drop", "x", "--queue", "other"],
      ["list", "--limit", "0"],
    ]) {
      expect((await desk.run(["queue", ...argv])).code, argv.join(" ")).to.equal(2);
    }
  });
});
