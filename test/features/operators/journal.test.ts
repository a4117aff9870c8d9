import { expect } from "chai";
import { journalLine } from "../../../src/features/operators/journal.js";
import type { Deed } from "../../../src/features/operators/operator.js";
import { textOf } from "../../support/forms.js";
import { anOperated, home, other, type Operated } from "./support.js";

const page = "/operator/journal";

describe("The journal of what operators did", function () {
  this.timeout(20_000);
  let the: Operated;
  before(async () => {
    the = await anOperated();
  });
  after(() => the.site.close());

  const register = () => the.site.app.operators.operators;
  const read = async (): Promise<string> =>
    textOf((await the.operator.get(page)).text).replace(/\s+/g, " ");

  /** The last line in French and in English, its spaces plain. */
  async function lastLine(): Promise<readonly string[]> {
    const [entry] = await register().journal({ limit: 1 });
    if (entry === undefined) throw new Error("the journal is empty");
    return (["fr", "en"] as const).map((language) => {
      const { what, about, note } = journalLine(
        the.site.app.translatorFor(language, "Europe/Paris", "city"),
        entry,
      );
      return `${what} ${about}${note === null ? "" : ` ${note}`}`.replace(/\s/g, " ");
    });
  }

  const words: ReadonlyArray<readonly [Deed, string, string]> = [
    [
      {
        ...{ act: "instance-limited", host: other },
        limits: { storage: 3_000_000_000, mails: null, members: "default" },
      },
      `Limites changées : ${other} (images : 3 Go, mails par jour : sans limite et membres : comme le serveur)`,
      `Limits changed: ${other} (pictures: 3 GB, mails a day: no limit and members: that of the server)`,
    ],
    [
      { act: "instance-deleted", host: other, graceDays: 30 },
      `Instance fermée : ${other} (délai de 30 jours)`,
      `Instance closed: ${other} (grace of 30 days)`,
    ],
    [
      { act: "instance-suspended", host: other, reason: "Panne" },
      `Instance suspendue : ${other} (Panne)`,
      `Instance suspended: ${other} (Panne)`,
    ],
    [
      { act: "jobs-dropped", queue: "default", kind: "accounts.remind" },
      "Travaux oubliés : accounts.remind (Travaux courants)",
      "Jobs dropped: accounts.remind (Everyday jobs)",
    ],
  ];
  for (const [deed, french, english] of words) {
    it(`tells in words of both languages of ${deed.act}`, async () => {
      await register().record(null, deed, async () => true);

      expect(await lastLine()).to.deep.equal([french, english]);
    });
  }

  it("names who is no operator any more, as it named them when they became one", async () => {
    const ctx = await the.site.ctx(home);
    const { memberId } = await the.somebody(home);
    await register().grant(ctx, memberId);
    await register().revoke(ctx, memberId);

    expect((await lastLine())[0]).to.equal(`Exploitant retiré : Bea (${home})`);
  });

  it("says of what changed nothing that it did not", async () => {
    const ctx = await the.site.ctx(home);
    const { memberId } = await the.somebody(home);
    await register().revoke(ctx, memberId);
    const revoked = (await lastLine())[0];
    const _csrf = await the.operator.token("/operator/queues");
    await the.operator.post("/operator/queues", { _csrf, queue: "default", act: "drop", id: "no" });
    const dropped = (await lastLine())[0];

    expect(revoked).to.contain("Sans effet");
    expect(dropped).to.contain("Travail oublié : no").and.to.contain("Sans effet");
    expect(await read()).to.contain("Sans effet : c’était déjà fait");
  });

  it("can be read to its beginning, a page at a time, each line once", async () => {
    for (let i = 0; i < 60; i++) {
      const kind = `kind-${String(i).padStart(2, "0")}`;
      const deed = { act: "jobs-retried", queue: "default", kind } as const;
      await register().record(null, deed, async () => true);
    }
    const seen: string[] = [];
    let path: string | undefined = page;
    while (path !== undefined) {
      const { text } = await the.operator.get(path);
      seen.push(...[...text.matchAll(/kind-\d\d/g)].map(([kind]) => kind));
      path = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replace(/&#x3D;/g, "=");
    }
    const overview = (await the.operator.get("/operator")).text;

    expect(seen).to.have.length(60);
    expect(seen).to.deep.equal([...new Set(seen)].toSorted().toReversed());
    expect(overview).to.contain(`href="${page}"`);
    expect((await the.operator.get(`${page}?after=xyz`)).status).to.equal(404);
  });

  it("can be narrowed to one city, however it is written, and leads there from that city's page", async () => {
    const host = "xn--vreux-9ra.example";
    await the.site.city(host, { name: "Évreux" });
    for (let i = 0; i < 30; i++) {
      const deed = { act: "instance-explained", host, reason: `raison-${i}` } as const;
      await register().record(null, deed, async () => true);
    }
    const deed = { act: "instance-resumed", host: other } as const;
    await register().record(null, deed, async () => true);
    const seen: string[] = [];
    let path: string | undefined = `${page}?host=${encodeURIComponent("Évreux.example")}`;
    while (path !== undefined) {
      const { text } = await the.operator.get(path);
      expect(textOf(text)).to.contain("Seulement ce qui touche évreux.example.");
      expect(text).not.to.contain(other);
      seen.push(...[...text.matchAll(/raison-\d+/g)].map(([reason]) => reason));
      path = /rel="next" href="([^"]+)"/
        .exec(text)?.[1]
        ?.replace(/&amp;/g, "&")
        .replace(/&#x3D;/g, "=");
    }
    const from = (await the.operator.get(`/operator/instances/${host}`)).text;

    expect(new Set(seen).size).to.equal(30);
    expect(seen).to.have.length(30);
    expect(from.replace(/&#x3D;/g, "=")).to.contain(`href="${page}?host=${host}"`);
    expect(await register().journal({ limit: 9, host: other })).to.have.length.greaterThan(0);
  });

  it("does not say that nothing was changed in a city that nobody knows", async () => {
    const { status } = await the.operator.get(`${page}?host=vlaborg.example`);

    expect(status).to.equal(404);
  });
});
