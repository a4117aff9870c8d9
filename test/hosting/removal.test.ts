import { expect } from "chai";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { noteSignIn } from "../../src/features/accounts/sign-ins.js";
import { keysCollection } from "../../src/federation/records.js";
import { deleteInstance } from "../../src/hosting/closing.js";
import { HostTaken } from "../../src/hosting/instance-names.js";
import { profileOf, type Ctx, type Instance } from "../../src/kit/index.js";
import type { Row, Store } from "../../src/drivers/store/collection.js";
import { aProposal } from "../support/builders.js";
import { aDeployment, type Deployment } from "../support/deployment.js";
import { changed, Died } from "../support/faults.js";
import { textOf } from "../support/forms.js";
import { aPicture } from "../support/media.js";
import { present } from "../support/presenting.js";

const host = "valmont.example";
const day = 24 * 3_600_000;
const round = 10 * 60_000;

/** A store that can be made to die at every second slice of a removal. */
function mortalStore() {
  const state = { left: Number.POSITIVE_INFINITY, deaths: 0 };
  const dying = <R>(call: () => Promise<R>): Promise<R> => {
    if (--state.left > 0) return call();
    state.deaths += 1;
    state.left = 2;
    return Promise.reject(new Died("between two slices"));
  };
  const through = (store: Store): Store => ({
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      // The queue's own rows are not what is removed.
      if (name.startsWith("queue")) return inner;
      return changed(inner, { deleteMany: (filter) => dying(() => inner.deleteMany(filter)) });
    },
  });
  return { state, through };
}

describe("A deleted city whose grace has ended", function () {
  this.timeout(60_000);
  const { state, through } = mortalStore();
  let site: Deployment;
  let city: Instance;

  before(async () => {
    site = await aDeployment({ storeThrough: through });
    city = await site.city(host, { name: "Valmont", aliases: ["www.valmont.example"] });
    await site.city("roche.example", { name: "Roche" });
    for (const each of [host, "roche.example"]) {
      const ctx = await site.ctx(each);
      await live(ctx);
      await leaveOver(ctx);
    }
    await site.settle();
  });
  after(() => site.close());

  /** Somebody comes, proposes something, and an administrator shows a picture. */
  async function live(ctx: Ctx): Promise<void> {
    const person = { name: "Camille", mail: "camille@mail.example", password: "trois mots" };
    const account = { ...person, roles: ["citizen", "admin"] as const, confirmed: true };
    const { _id } = await createAccount(ctx, account);
    const member = { _id, name: "Camille", roles: account.roles, language: "fr" } as const;
    const acting = site.app.contexts({ instance: ctx.instance, member, language: "fr" });
    await aProposal(acting);
    const logo = { bytes: await aPicture(), isCut: false };
    await present(acting, { description: "Nous", logo });
    await site.app.operators.operators.grant(ctx, _id);
    await noteSignIn(ctx);
    await ctx.enqueue(site.app.operators.feature.schedules[0]!.job, {});
    await site.browser(ctx.instance.host).get("/actor", { Accept: "application/activity+json" });
  }

  const inAYear = (owner: string) => `in-a-year/${owner}`;

  /** A picture of which no row tells, as a move leaves it, and jobs: one given up, one for later. */
  async function leaveOver({ instance: { _id }, enqueue }: Ctx): Promise<void> {
    const figures = site.app.operators.feature.schedules[0]!.job;
    await enqueue(figures, {}, { id: inAYear(_id), delayMs: 365 * day });
    for (let n = 0; n < 60; n += 1) {
      await site.app.drivers.media.put(_id, Buffer.from(`left over ${n}`), "png");
    }
    const given = { queue: "default", id: _id, name: "square.index", data: "{}", owner: _id };
    const dead = { attempts: 1, tries: 1, error: "", diedAt: 1, heldUntil: 0, backoff: null };
    await site.app.drivers.store
      .collection<Row & Record<string, unknown>>("queue_dead")
      .insertOne({ _id: `default:${_id}`, ...given, ...dead });
  }

  /** What is left of what no row of the instance tells of. */
  async function leftOvers(owner: string) {
    let pictures = 0;
    for await (const _file of site.app.drivers.media.list(owner)) pictures += 1;
    const dead = site.app.drivers.store.collection<Row & { owner: string }>("queue_dead");
    const waiting = (await site.app.drivers.queue.peek("default", [inAYear(owner)])).length;
    return { pictures, dead: await dead.countDocuments({ owner }), waiting };
  }

  const now = async (): Promise<Instance> => (await site.app.instances.byId(city._id))!;

  async function later(ms: number, times = 1): Promise<void> {
    for (let done = 0; done < times; done += 1) {
      site.clock.advance(ms);
      await site.settle();
    }
  }

  /** How many rows each collection holds of an instance. */
  async function rowsOf(instanceId: string): Promise<Record<string, number>> {
    const { store } = site.app.drivers;
    const found: Record<string, number> = {};
    for (const name of await store.collectionNames()) {
      if (/^(?:queue|intents|instances|migrations|processes)/.test(name)) continue;
      const rows = store.collection<Row & { instanceId?: string }>(name);
      const filter = name === "instance_figures" ? { _id: instanceId } : { instanceId };
      const count = await rows.countDocuments(filter);
      if (count > 0) found[name] = count;
    }
    return found;
  }

  it("keeps every row until its grace has ended", async () => {
    const before = await rowsOf(city._id);
    expect(before).to.include({ accounts: 1, proposals: 1, keptFiles: 1 });
    expect(before).to.include({ signIns: 1, operators: 1, instance_figures: 1 });
    await deleteInstance({ instances: site.app.instances, clock: site.clock }, city, 30);

    await later(29 * day);

    expect(await rowsOf(city._id)).to.deep.equal(before);
    expect((await now()).state).to.equal("deleted");
  });

  it("is removed slice by slice, however often the process dies in between; its keys go last", async () => {
    const { logo } = profileOf(await now());
    const ctx = await site.ctx(host);
    expect(await ctx.media.get(logo ?? "")).to.not.equal(null);
    state.left = 1;

    await later(day);
    await later(round, 30);

    expect(state.deaths).to.be.greaterThan(3);
    expect(await ctx.media.get(logo ?? "")).to.equal(null);
    const left = await rowsOf(city._id);
    expect(left).to.have.property(keysCollection.name);
    expect(left).to.not.have.any.keys("accounts", "people", "proposals", "sessions", "keptFiles");
    expect((await now()).state).to.equal("leaving");
  });

  it("is a tombstone in the end: no row and no key is left, and its addresses answer 410 for ever", async () => {
    state.left = Number.POSITIVE_INFINITY;
    await later(5 * day);
    await later(round, 3);

    const asked = [
      await site.browser(host).get("/proposals/1"),
      await site.browser(host).get("/actor", { Accept: "application/activity+json" }),
      await site.browser(host).ask("POST", "/inbox"),
    ];

    expect(await rowsOf(city._id)).to.deep.equal({});
    expect(await leftOvers(city._id)).to.deep.equal({ pictures: 0, dead: 0, waiting: 0 });
    expect(await now()).to.include({ state: "gone", name: host, tagline: "" });
    expect((await now()).deletion).to.have.property("removedAt");
    expect(asked.map(({ status }) => status)).to.deep.equal([410, 410, 410]);
    expect(textOf(asked[0]!.text)).to.contain("Ce site n’existe plus");
  });

  it("leaves its names to nobody else", async () => {
    for (const name of [host, "www.valmont.example"]) {
      const again = site.city(name).then(
        () => "made",
        (error: unknown) => error instanceof HostTaken,
      );
      expect(await again).to.equal(true);
    }
  });

  it("takes nothing of another city with it", async () => {
    const other = await site.ctx("roche.example");
    const { logo } = profileOf(other.instance);

    const { pictures, dead, waiting } = await leftOvers(other.instance._id);
    expect([pictures, waiting]).to.deep.equal([61, 1]);
    expect(dead).to.be.greaterThan(0);
    const kept = { accounts: 1, proposals: 1, signIns: 1, operators: 1, instance_figures: 1 };
    expect(await rowsOf(other.instance._id)).to.include(kept);
    expect(await other.media.get(logo ?? "")).to.not.equal(null);
    expect((await site.browser("roche.example").get("/proposals/1")).status).to.not.equal(410);
  });
});
