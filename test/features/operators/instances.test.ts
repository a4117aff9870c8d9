import { expect } from "chai";
import { firstIdAt } from "../../../src/drivers/clock.js";
import type { Row, Store } from "../../../src/drivers/store/collection.js";
import { peersCollection } from "../../../src/federation/records.js";
import type { InstanceFigures } from "../../../src/features/operators/figures.js";
import { hasRole, type Ctx } from "../../../src/kit/index.js";
import { aProposal } from "../../support/builders.js";
import { publishComment } from "../../../src/features/comments/comments.js";
import { changed } from "../../support/faults.js";
import { textOf } from "../../support/forms.js";
import { anOperated, home, other, type Operated } from "./support.js";

const page = "/operator/instances";
const hour = 3_600_000;

const watched: ReadonlySet<string> = new Set(["instances", "instance_figures"]);

/** Notes each search in the collections that the page is made of. */
function noting(store: Store, asked: string[]): Store {
  return {
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      if (!watched.has(name)) return inner;
      const find: typeof inner.find = (...given) => {
        asked.push(name);
        return inner.find(...given);
      };
      return changed(inner, { find });
    },
  };
}

describe("The page of instances", function () {
  this.timeout(20_000);
  const asked: string[] = [];
  let the: Operated;
  let citizen: Ctx;
  before(async () => {
    the = await anOperated({ storeThrough: (store) => noting(store, asked) });
    const ctx = await the.site.ctx(home);
    const member = {
      ...{ _id: the.operator.memberId, name: "Inès", language: "fr" as const },
      roles: ["citizen" as const],
    };
    citizen = the.site.app.contexts({ instance: ctx.instance, member, language: "fr" });
    expect(hasRole(member, "admin")).to.equal(false);
  });
  after(() => the.site.close());

  const read = async (query = ""): Promise<string> =>
    textOf((await the.operator.get(page + query)).text);
  /** The words of the row of one instance. */
  const rowOf = async (host: string): Promise<string> => {
    const { text } = await the.operator.get(page);
    const row = text.split("<tr>").find((one) => one.includes(`>${host}<`));
    return textOf(row ?? "").replace(/\s+/g, " ");
  };
  const anHourLater = async (): Promise<void> => {
    await the.site.settle();
    the.site.clock.advance(hour);
    await the.site.settle();
  };

  it("says what was never measured, and what it is", async () => {
    expect(await rowOf(home)).to.match(/Valmont valmont\.example En service Pas encore mesurée/);
  });

  it("shows size, activity and health as they were measured, once an hour", async () => {
    const { instance } = citizen;
    const proposal = await aProposal(citizen);
    await publishComment(citizen, { proposalId: proposal._id, parentId: null, body: "Oui !" });
    await citizen.media.put(Buffer.alloc(12_300), "png", 0);
    const now = the.site.clock.now();
    await citizen.collection(peersCollection).insertOne({
      ...{ _id: "p1", host: "far.example", speaks: null, failures: 3, refusals: 0 },
      ...{ openUntil: null, lastError: null, lastDeliveredAt: null, lastFailedAt: now },
      ...{
        failingDays: 0,
        failingSince: null,
        unavailableSince: null,
        forgetAt: new Date(now.getTime() + 90 * 24 * hour),
      },
    });
    await the.site.app.drivers.queue.add([
      {
        ...{ id: "bad/1", queue: "delivery", name: "accounts.remind", attempts: 1 },
        data: { instanceId: instance._id, payload: {} },
        backoff: { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 },
      },
    ]);
    await anHourLater();
    const measured = await rowOf(home);
    const sums = textOf((await the.operator.get("/operator")).text);
    await aProposal(citizen, { title: "Un banc de plus au soleil" });
    const meanwhile = await rowOf(home);
    await anHourLater();

    expect(measured).to.match(/1 serveur ne prend rien/);
    expect(measured).to.match(/1 travail abandonné/);
    expect(measured).to.match(/1 1 1 12,3 ko 0 2 02\/03\/2026 02\/03\/2026/);
    expect(meanwhile).to.equal(measured);
    expect(await rowOf(home)).to.match(/1 2 1 12,3 ko 0 3/);
    expect(await rowOf(other)).to.match(/0 0 0 0 o 0 0 Jamais Jamais/);
    expect(sums).to.match(/Instances mesurées\s*Pas encore connu/);
    const overview = textOf((await the.operator.get("/operator")).text);
    expect(overview)
      .to.match(/Images\s*12,3 ko/)
      .and.to.match(/Instances mesurées\s*2/);
  });

  it("leads from an instance to its jobs that were given up, whichever queue they are in", async () => {
    const { text } = await the.operator.get(`/operator/queues?host=${home}`);

    expect(text).to.contain("accounts.remind");
    expect(textOf(text)).to.contain(`Seulement ceux de ${home}`);
  });

  it("goes on showing what a suspended instance was measured last", async () => {
    const instance = await the.site.app.instances.byHost(other);
    await the.site.app.instances.update(instance?._id ?? "", { state: "suspended" });

    expect(await rowOf(other)).to.match(/Roche roche\.example Suspendue 0 0 0/);
  });

  it("finds instances by the beginning of their host, a page at a time, at the same cost", async () => {
    const finds = async (): Promise<readonly string[]> => {
      asked.length = 0;
      await the.operator.get(page);
      return [...asked];
    };
    const few = await finds();
    for (let i = 0; i < 30; i++) await the.site.city(`ville-${String(i).padStart(2, "0")}.example`);
    const many = await finds();
    const seen: string[] = [];
    let path: string | undefined = `${page}?host=https://ville-`;
    while (path !== undefined) {
      const { text } = await the.operator.get(path);
      seen.push(
        ...[...text.matchAll(/>(ville-\d\d\.example)<\/p>/g)].map(([, host]) => host ?? ""),
      );
      const next: string | undefined = /rel="next" href="([^"]+)"/.exec(text)?.[1];
      path = next?.replace(/&amp;/g, "&").replace(/&#x3D;/g, "=");
    }

    expect(few).to.deep.equal(["instances", "instance_figures"]);
    expect(many).to.deep.equal(few);
    expect(seen).to.have.length(30);
    expect(new Set(seen).size).to.equal(30);
    expect(await read("?host=nobody")).to.contain("Aucun hôte ne commence ainsi");
    expect((await the.operator.get(`${page}?after=xyz`)).status).to.equal(404);
  });

  it("finds hosts with accents by any beginning of theirs, and shows them as people write them", async () => {
    await the.site.city("xn--vreux-9ra.example", { name: "Évreux" });
    await the.site.city("xn--saint-tienne-geb.example", { name: "Saint-Étienne" });
    const searched = async (typed: string): Promise<string> => {
      const text = await read(`?host=${encodeURIComponent(typed)}`);
      return [...text.matchAll(/[\p{L}\d.-]+\.example/gu)].join(" ");
    };

    for (const typed of ["É", "évr", "Évreux.exam", "https://évreux.example/x", "xn--vreux"]) {
      expect(await searched(typed), typed).to.equal("évreux.example");
    }
    for (const typed of ["s", "saint", "saint-e\u0301", "saint-étienne.ex"]) {
      expect(await searched(typed), typed).to.equal("saint-étienne.example");
    }
    for (const typed of ["vr", "saint-t", "évreux.org", "évreuxx", "xn--"]) {
      const found = await searched(typed);
      expect(found, typed).to.equal(typed === "xn--" ? "saint-étienne.example évreux.example" : "");
    }
    expect((await the.operator.get(`${page}/${encodeURI("évreux.example")}`)).status).to.equal(200);
  });

  it("tells how many are in each state, and shows those alone, a page at a time", async () => {
    for (const host of ["v-1.example", "v-2.example"]) {
      const { _id } = await the.site.city(host, { name: host });
      await the.site.app.instances.update(_id, { state: "deleted" });
    }

    const all = (await read()).replace(/\s+/g, " ");
    const deleted = (await the.operator.get(`${page}?state=deleted`)).text;
    const behind = await the.site.app.instances.page({
      ...{ begins: "", state: "deleted", after: "v-1.example", limit: 1 },
    });

    expect(all).to.match(/État Toutes 3\d En service \d+ Suspendue 1 Fermée 2 /);
    expect(deleted.match(/v-\d\.example(?=<\/p>)/g)).to.deep.equal(["v-1.example", "v-2.example"]);
    expect(deleted.split("<tr>")).to.have.length(1 + 1 + 2);
    expect(deleted.replace(/&#x3D;/g, "=")).to.match(/state=deleted" aria-current="true"/);
    expect(behind.map(({ host }) => host)).to.deep.equal(["v-2.example"]);
    expect(await read("?state=leaving")).to.contain("Aucune n’est dans cet état");
    expect((await the.operator.get(`${page}?state=x`)).status).to.equal(404);
  });

  it("says of when figures are that nobody took since, and of which day its mails", async () => {
    const ctx = await the.site.ctx(other);
    const figures = the.site.app.drivers.store.collection<InstanceFigures>("instance_figures");
    const used = { storage: 0, mails: 7, members: 0 };
    await figures.updateOne({ _id: ctx.instance._id }, { $set: { used } });
    const today = await rowOf(other);
    the.site.clock.advance(3 * 24 * hour);
    const days = await rowOf(other);
    const one = textOf((await the.operator.get(`${page}/${other}`)).text).replace(/\s+/g, " ");

    expect(today).to.match(/Suspendue 0 0 0 0 o 7 0/);
    expect(days).to.match(/Suspendue Relevé il y a 3 jours\. 0 0 0 0 o 7 le 02\/03\/2026 0/);
    expect(one).to.match(/Mails du jour\s*7 le 02\/03\/2026/);
  });
});

describe("Ids of a time", () => {
  it("sort behind everything earlier and before everything later", () => {
    const at = new Date("2026-03-02T08:00:00.000Z");
    const before = firstIdAt(new Date(at.getTime() - 1));

    expect(firstIdAt(at) > `${before}zzzzzzzzzzzzzzzz`).to.equal(true);
    expect(firstIdAt(at)).to.match(/^[0-9a-z]{10}$/);
  });
});
