import { expect } from "chai";
import { actOnInstance } from "../../../src/features/operators/instance-acts.js";
import { formsOf } from "../../support/browser.js";
import { intercepting } from "../../support/faults.js";
import { textOf } from "../../support/forms.js";
import { anOperated, home, other, type Operated } from "./support.js";

const pageOf = (host: string): string => `/operator/instances/${host}`;
const day = 24 * 3_600_000;

describe("What operators do with an instance", function () {
  this.timeout(20_000);
  let the: Operated;
  /** Waited for before a line is written into the journal. */
  const gate: { pass: (() => Promise<void>) | null } = { pass: null };
  before(async () => {
    the = await anOperated({
      env: { LIMIT_STORAGE: "1 GB" },
      storeThrough: intercepting(["operator_journal", "insertOne"], async (insert) => {
        await gate.pass?.();
        return insert();
      }),
    });
  });
  beforeEach(async () => {
    const { _id } = await found();
    const limits = { storage: "default", mails: "default", members: "default" } as const;
    const asNew = { state: "active", suspension: null, deletion: null, limits } as const;
    await the.site.app.instances.update(_id, asNew);
  });
  after(() => the.site.close());

  const found = async (host: string = other) => {
    const instance = await the.site.app.instances.byHost(host);
    if (instance === null) throw new Error(`no instance at ${host}`);
    return instance;
  };
  const read = async (host: string = other): Promise<string> =>
    textOf((await the.operator.get(pageOf(host))).text).replace(/\s+/g, " ");
  const send = async (fields: Record<string, string>, host: string = other): Promise<string> => {
    const page = pageOf(host);
    const _csrf = await the.operator.token(page);
    const { status, headers } = await the.operator.post(page, { _csrf, ...fields });
    expect(status).to.equal(303);
    expect(headers.location).to.equal(page);
    return read(host);
  };
  /** What is refused is shown again; its status and its page. */
  const refused = async (fields: Record<string, string>) => {
    const _csrf = await the.operator.token(pageOf(other));
    return the.operator.post(pageOf(other), { _csrf, ...fields });
  };
  const formOf = async (): Promise<string> => (await the.operator.get(pageOf(other))).text;
  /** The part of a page's form that is about limits, as it would be sent. */
  const asShown = (text: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(
        formsOf(text).find(({ fields }) => "mailsChoice" in fields)?.fields ?? {},
      ).filter(([name]) => name !== "_csrf"),
    );
  const own = (what: string, typed: string): Record<string, string> => ({
    ...{ act: "limits", ...defaults, [`${what}Choice`]: "own", [what]: typed },
  });
  const journal = async () => the.site.app.operators.operators.journal({ limit: 100 });
  const defaults = {
    storageChoice: "default",
    mailsChoice: "default",
    membersChoice: "default",
  } as const;

  it("is to suspend it with a reason that its visitors read, and to serve it again", async () => {
    const suspended = await send({ act: "suspend", reason: "Travaux jusqu’à lundi." });
    const visited = await the.site.browser(other).get("/");
    const resumed = await send({ act: "resume" });

    expect(suspended).to.contain("L’instance est suspendue.");
    expect(suspended).to.match(/Suspendue Depuis le .* : Travaux jusqu’à lundi\./);
    expect(visited.status).to.equal(503);
    expect(textOf(visited.text)).to.contain("Travaux jusqu’à lundi.");
    expect(resumed).to.contain("de nouveau en service");
    expect((await the.site.browser(other).get("/")).status).to.equal(200);
  });

  it("is to limit it, lift a limit, or give it back the server's; what it uses is shown against it", async () => {
    const own = { storageChoice: "own", storage: "2,5", mailsChoice: "none" };
    const limited = await send({ act: "limits", ...defaults, ...own });
    const { limits } = await found();
    await (await the.site.ctx(other)).enqueue(the.site.app.operators.feature.schedules[0]!.job, {});
    await the.site.settle();
    const form = (await the.operator.get(pageOf(other))).text;
    const listed = textOf((await the.operator.get("/operator/instances")).text);
    await send({ act: "limits", ...defaults });

    expect(limited).to.contain("Les limites sont enregistrées.");
    expect(limits).to.deep.equal({ storage: 2_500_000, mails: null });
    expect(form).to.match(/name="storage"[^>]* value="2.5"/);
    expect(listed.replace(/\s+/g, " ")).to.contain("0 o sur 2,5 Mo");
    expect((await found()).limits).to.deep.equal({});
    expect(await read()).to.contain("0 o sur 1 Go");
  });

  it("is to change a limit and no other: one that somebody else changed meanwhile stays", async () => {
    const shown = asShown(await formOf());
    expect(Object.keys(shown)).to.have.length(9);
    await send({ act: "limits", ...shown, storageChoice: "own", storage: "5" });

    await send({ act: "limits", ...shown, membersChoice: "own", members: "9" });
    const before = (await journal()).length;
    const unchanged = await send({ act: "limits", ...shown });

    expect((await found()).limits).to.deep.equal({ storage: 5_000_000, members: 9 });
    expect((await journal())[0]?.deed).to.deep.include({ host: other, limits: { members: 9 } });
    expect(unchanged).to.contain("Les limites sont enregistrées.");
    expect(await journal()).to.have.length(before);
  });

  it("is to give visitors another reason while it stays suspended", async () => {
    await send({ act: "suspend", reason: "Travaux jusqu’à lundi." });
    const since = (await found()).suspension?.at;
    const form = (await the.operator.get(pageOf(other))).text;
    the.site.clock.advance(60_000);
    const told = await send({ act: "explain", reason: "Travaux jusqu’à mardi." });
    const stillSince = (await found()).suspension?.at;
    const visited = textOf((await the.site.browser(other).get("/")).text);
    const [entry] = await journal();
    await send({ act: "resume" });
    const late = await send({ act: "explain", reason: "Trop tard" });

    expect(form).to.match(/name="reason"[^>]* value="Travaux jusqu’à lundi\."/);
    expect(told).to.contain("Les visiteurs lisent cette raison.");
    expect(visited).to.contain("mardi").and.not.to.contain("lundi");
    expect(stillSince).to.deep.equal(since);
    expect(entry?.deed).to.deep.equal({
      ...{ act: "instance-explained", host: other, reason: "Travaux jusqu’à mardi." },
    });
    expect(late).to.contain("l’instance a changé entre-temps");
    expect((await found()).suspension).to.equal(null);
  });

  it("is to close it for a while and bring it back, once its host was typed", async () => {
    const closed = await send({ act: "delete", host: ` ${other.toUpperCase()} `, grace: "7" });
    const instance = await found();
    const visited = await the.site.browser(other).get("/");
    const listed = textOf((await the.operator.get("/operator/instances")).text);
    const back = await send({ act: "undelete" });

    expect(closed).to.contain("L’instance est fermée.");
    expect(instance.state).to.equal("deleted");
    const { until } = instance.deletion ?? {};
    expect(until).to.deep.equal(new Date(the.site.clock.now().getTime() + 7 * day));
    expect(visited.status).to.equal(410);
    expect(listed).to.match(/Fermée\s+Peut revenir jusqu’au/);
    expect(back).to.contain("L’instance est revenue.");
    expect((await found()).state).to.equal("active");
  });

  it("is to close it under the name that its people know, accents included", async () => {
    const host = "xn--vreux-9ra.example";
    await the.site.city(host);

    const shown = await read(host);
    const closed = await send({ act: "delete", host: "Évreux.example", grace: "7" }, host);

    expect(shown).to.contain("Écrivez évreux.example.");
    expect(closed).to.contain("L’instance est fermée.");
    expect((await found(host)).state).to.equal("deleted");
  });

  it("is to remove it at once, and then nobody is told that it can come back", async () => {
    const closed = await send({ act: "delete", host: other, grace: "0" });
    const visited = textOf((await the.site.browser(other).get("/")).text);

    expect(closed).to.contain("Elle ne peut pas revenir :").and.not.to.contain("tant que dure");
    expect(visited).to.contain("n’existe plus").and.not.to.contain("peut revenir");
  });

  it("is told kindly what was not clear, with nothing lost; nothing is done nor written down", async () => {
    const before = (await journal()).length;
    const told: ReadonlyArray<readonly [Record<string, string>, string, string]> = [
      [{ act: "delete", host: home, grace: "7" }, "host", "Ce n’est pas l’hôte"],
      [{ act: "delete", host: other, grace: "366" }, "grace", "de 0 à 365"],
      [{ act: "suspend", reason: "x".repeat(301) }, "reason", "C’est trop long : 300"],
      [{ ...own("members", "beaucoup") }, "members", "Une limite propre demande un nombre."],
      [{ ...own("storage", "-1") }, "storage", "Une limite propre demande un nombre."],
      [{ ...own("mails", "") }, "mails", "Une limite propre demande un nombre."],
      [{ act: "limits", storageChoice: "none" }, "mailsChoice", "pas compris"],
    ];

    for (const [fields, field, words] of told) {
      const { status, text } = await refused(fields);
      expect(status, field).to.equal(422);
      expect(text).to.contain(`href="#f-${field}"`).and.to.contain(`id="f-${field}-error"`);
      expect(textOf(text)).to.contain(words);
      const { act: _act, ...typed } = fields;
      for (const [name, value] of Object.entries(typed)) {
        const shown = name.endsWith("Choice") ? `value="${value}" selected` : ` value="${value}"`;
        expect(value === "" || text.includes(shown), `${name} is lost`).to.equal(true);
      }
    }
    const { state, limits = {} } = await found();
    expect({ state, limits }).to.deep.equal({ state: "active", limits: {} });
    expect(await journal()).to.have.length(before);
  });

  it("never drops a number that was typed beside another choice, as if there were no limit", async () => {
    for (const choice of ["default", "none"]) {
      const typed = { ...asShown(await formOf()), mailsChoice: choice, mails: "500" };
      const { status, text } = await refused({ act: "limits", ...typed });

      expect(status).to.equal(422);
      expect(textOf(text)).to.contain("Ce nombre ne compte que pour « Une limite propre »");
      expect(asShown(text)).to.deep.equal(typed);
      expect((await found()).limits ?? {}).to.deep.equal({});
      await send({ act: "limits", ...asShown(text), mailsChoice: "own" });
      expect((await found()).limits).to.deep.equal({ mails: 500 });
      await send({ act: "limits", ...defaults });
    }
  });

  it("is to give up a limit of its own although its number still stands there", async () => {
    for (const [choice, limits] of [
      ["default", {}],
      ["none", { storage: null }],
    ] as const) {
      await send({ act: "limits", ...defaults, storageChoice: "own", storage: "2,5" });
      const shown = asShown(await formOf());
      expect(shown).to.include({ storageChoice: "own", storage: "2.5" });

      await send({ act: "limits", ...shown, storageChoice: choice });

      expect((await found()).limits).to.deep.equal(limits);
    }
  });

  it("never closes the instance on which they are signed in", async () => {
    const words = [
      await send({ act: "suspend", reason: "" }, home),
      await send({ act: "delete", host: home, grace: "0" }, home),
    ];

    for (const told of words) expect(told).to.contain("l’instance a changé entre-temps");
    expect(words[0]).to.contain("Faites-le en ligne de commande");
    expect((await found(home)).state).to.equal("active");
  });

  it("is written down before it is done: a journal that cannot be written leaves all as it is", async () => {
    gate.pass = () => Promise.reject(new Error("the disk is full"));
    const _csrf = await the.operator.token(pageOf(other));
    const failed = await the.operator.post(pageOf(other), { _csrf, act: "suspend", reason: "" });
    gate.pass = null;
    const untouched = (await found()).state;
    await send({ act: "suspend", reason: "Panne" });
    const [entry] = await journal();

    expect(failed.status).to.equal(500);
    expect(untouched).to.equal("active");
    const deed = { act: "instance-suspended", host: other, reason: "Panne" };
    expect(entry?.deed).to.deep.equal(deed);
    expect(entry?.by?.name).to.equal("Inès");
    expect(textOf((await the.operator.get("/operator")).text)).to.contain("Instance suspendue :");
  });

  it("is done once when two do it at once, and the other is told so", async () => {
    const { app, clock } = the.site;
    const { _id: id } = await found();
    const { instances, outbox } = app;
    const acting = { instances, outbox, clock, operators: app.operators.operators };
    const { instance } = await the.site.ctx(home);
    const ctx = app.contexts({ instance, member: null, language: "fr" });
    let seen = 0;
    let open = (): void => undefined;
    const bothSawIt = new Promise<void>((resolve) => (open = resolve));
    gate.pass = () => {
      if (++seen === 2) open();
      return bothSawIt;
    };
    const done = await Promise.all([
      actOnInstance(ctx, acting, { id, wish: { act: "suspend", reason: "Pause" } }),
      actOnInstance(ctx, acting, { id, wish: { act: "delete", graceDays: 7 } }),
    ]);
    gate.pass = null;
    const winner = done.find((one) => one !== null);
    const late = await send({ act: "suspend", reason: "Trop tard" });

    expect(done.filter((one) => one === null)).to.have.length(1);
    expect((await found()).state).to.equal(winner?.state);
    expect(late).to.contain("l’instance a changé entre-temps");
  });

  it("ends where nothing leads back: such an instance is named, and offers no button", async () => {
    const { _id } = await found();
    const now = the.site.clock.now();
    const deletion = { before: "active", at: now, until: now } as const;
    const states = [
      [{ state: "deleted", deletion }, "Son délai est passé : elle va être effacée."],
      [{ state: "leaving", deletion }, "Rien ne la ramène."],
      [{ state: "gone", deletion: { ...deletion, goneAt: now } }, "Son adresse ne servira plus"],
    ] as const;
    for (const [change, words] of states) {
      await the.site.app.instances.update(_id, change);
      const { text } = await the.operator.get(pageOf(other));
      expect(textOf(text)).to.contain(words);
      expect(text).not.to.contain('name="act"');
    }
  });

  it("exists for nobody else, whatever they send, nor for an unknown host or act", async () => {
    const admin = await the.somebody(home, "admin");
    for (const act of ["suspend", "delete", "limits"]) {
      const answer = await admin.post(pageOf(other), { act, host: other, grace: "0", reason: "" });
      expect(answer.status).to.equal(404);
    }
    const _csrf = await the.operator.token(pageOf(other));
    const odd = await the.operator.post(pageOf(other), { _csrf, act: "burn" });

    expect(odd.status).to.equal(404);
    expect((await the.operator.get(pageOf("nobody.example"))).status).to.equal(404);
    expect((await found()).state).to.equal("active");
  });
});
