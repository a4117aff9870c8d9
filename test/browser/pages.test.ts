import { expect } from "chai";
import type { Browser, Cookie } from "playwright-core";
import { peersCollection } from "../../src/federation/delivery/peer-record.js";
import { needs } from "../support/needs.js";
import { ask, faultsOf, looks } from "./support/audit.js";
import { launch, openWindow, signIn, type Sight, type Window } from "./support/chromium.js";
import { crawl } from "./support/crawl.js";
import { furnish, password, type Places } from "./support/furnish.js";
import { aTown, type Town } from "./support/town.js";

type Reader = "nobody" | keyof Places["mails"];

/** Pages by who sees them: the name of a place, or an address. */
const pages: Readonly<Record<Reader, readonly string[]>> = {
  nobody: [
    ...["/", "/proposals", "/topics", "topic", "/responses", "response", "person", "/about"],
    ...[
      "/proposals?q=marché&sort=supported",
      "/proposals?q=introuvablement",
      "/responses?decision=not-ours",
    ],
    ...[
      "/proposals?status=accepted&topic=culture",
      "/topics/logement",
      "answered",
      "declined",
      "open",
    ],
    ...["withdrawn", "unbroken", "long", "linked", "edited", "/sign-in", "/register", "/forgotten"],
    ...["/confirm/unknown", "/reset/unknown", "/unsubscribe/somebody/key", "/nothing-here"],
    ...["/interact?on=/&to=follow", "/authorize_interaction?uri=https://nowhere.example/1"],
  ],
  citizen: [
    ...["/", "answered", "own", "/proposals/new", "/notifications", "/profile", "/profile/network"],
    ...["ownEdit", "ownWithdraw", "long", "/office", "/proposals/9999"],
    ...["reportOfComment", "/proposals/8/report", "/proposals/8", "/admin/moderation"],
  ],
  official: ["/office", "openAnswer", "response", "responseEdit", "answered"],
  moderator: [
    ...["/admin/moderation", "/admin/moderation/reports", "/admin/moderation/refused"],
    ...["/admin/moderation/log", "heldComment", "shownComment", "hiddenComment", "refusedComment"],
    ...["/proposals/8", "/proposals/8/withdraw", "/proposals/8/report"],
  ],
  admin: [
    "/admin/members",
    "/admin/members?mail=nobody@example.org",
    "/admin/network",
    "/admin/profile",
    "/admin/keys",
    "/admin/network/settings",
    "/admin/network/tests",
    "/network",
    ...["/operator", "/operator/queues", "/operator/queues?queue=default&kind=accounts.remind"],
    ...[
      "/operator/mail",
      "/operator/journal",
      "/operator/instances",
      "/operator/instances/localhost",
    ],
    "/operator/instances/voisine.example",
  ],
};

describe("every page in a browser", function () {
  this.timeout(60_000);
  needs("chromium");
  let town: Town;
  let browser: Browser;
  let places: Places;
  /** Who has signed in goes on from there in each further window. */
  const sessions = new Map<Reader, Cookie[]>();

  before(async () => {
    [town, browser] = await Promise.all([aTown(), launch()]);
    places = await furnish(town);
  });
  after(async () => {
    await browser?.close();
    await town?.close();
  });

  const pathOf = (name: string): string => {
    const derived: Readonly<Record<string, string>> = {
      ownEdit: `${places.own}/edit`,
      ownWithdraw: `${places.own}/withdraw`,
      openAnswer: `${places.open}/answer`,
      responseEdit: `${places.response}/edit`,
    };
    const known = places[name as keyof Places];
    return typeof known === "string" ? known : (derived[name] ?? name);
  };
  const open = async (reader: Reader, sight: Partial<Sight> = {}): Promise<Window> => {
    const window = await openWindow(browser, { origin: town.origin, ...sight });
    if (reader === "nobody") return window;
    const session = sessions.get(reader);
    if (session !== undefined) {
      await window.context.addCookies(session);
      return window;
    }
    await signIn(window, places.mails[reader], password);
    sessions.set(reader, await window.context.cookies());
    return window;
  };

  for (const [reader, names] of Object.entries(pages) as Array<[Reader, readonly string[]]>) {
    for (const [width, dark] of [
      [360, false],
      [1280, true],
    ] as const) {
      it(`passes the audit for ${reader} at ${width} px${dark ? " in the dark" : ""}`, async () => {
        const window = await open(reader, { width, dark });
        const faults: string[] = [];

        for (const name of names) {
          await window.page.goto(pathOf(name));
          faults.push(...(await faultsOf(window.page, "fr", dark ? looks : undefined)));
        }
        await window.close();

        expect(
          faults.concat(window.faults.filter((fault) => !/^4\d\d /.test(fault))),
        ).to.deep.equal([]);
      });
    }
  }

  it("speaks English to who asks for it, without a French word left in the frame", async () => {
    const window = await open("nobody", { language: "en" });
    const faults: string[] = [];

    for (const name of ["/", "/proposals", "answered", "/about", "/register", "/nothing-here"]) {
      await window.page.goto(pathOf(name));
      faults.push(...(await faultsOf(window.page, "en")));
    }
    const frame = await window.page.locator("header, footer").allInnerTexts();
    await window.close();

    expect(faults).to.deep.equal([]);
    expect(frame.join(" ")).not.to.match(/Propositions|Sujets|Se connecter|Chercher/);
  });

  it("tells plainly that nobody lives at an address", async () => {
    const window = await open("nobody", { width: 360 });
    await window.page.goto(town.origin.replace("localhost", "127.0.0.1"));
    const faults = await faultsOf(window.page);
    const status = window.faults.filter((fault) => fault.startsWith("421"));
    await window.close();

    expect(faults).to.deep.equal([]);
    expect(status).to.have.length(1);
  });

  it("says beside each field what is wrong, and links the summary to it", async () => {
    const window = await open("citizen", { width: 360 });
    const { page } = window;
    await page.goto("/proposals/new");
    await page.fill("#f-title", "Court");

    await page.getByRole("button", { name: "Publier ma proposition" }).click();

    const faults = await faultsOf(page);
    const links = await ask<string[]>(page, "summary()");
    const kept = await page.inputValue("#f-title");
    await window.close();
    expect(faults).to.deep.equal([]);
    expect(links).to.deep.equal(["title", "body", "topicId"]);
    expect(kept).to.equal("Court");
  });

  it("breaks no word about how a server does, however small the screen", async () => {
    const { app } = town;
    const instance = await app.instances.byHost(new URL(town.origin).hostname);
    if (instance === null) throw new Error("there is no such town");
    const ago = (days: number): Date => new Date(Date.UTC(2026, 10, 28 - days));
    const host = "exemple.example";
    await app
      .contexts({ instance, member: null, language: "fr" })
      .collection(peersCollection)
      .insertOne({
        ...{
          _id: "p1",
          host,
          speaks: null,
          failures: 3,
          refusals: 0,
          openUntil: null,
          lastError: null,
        },
        ...{ lastDeliveredAt: ago(9), lastFailedAt: ago(0), failingDays: 8 },
        ...{ failingSince: ago(8), unavailableSince: ago(1), forgetAt: ago(-90) },
      });
    const window = await open("admin", { width: 360 });

    await window.page.goto(`/admin/network?host=${host}`);
    const facts = await window.page.locator(".facts dt").count();
    const broken = await ask<string[]>(window.page, 'brokenWords(".facts")');
    await window.close();

    expect(facts).to.equal(4);
    expect(broken).to.deep.equal([]);
  });

  it("leads nowhere that does not exist, from any page a visitor reaches", async () => {
    const missing = await crawl(town.origin, "");

    expect(missing).to.deep.equal([]);
  });

  it("leads an official nowhere that does not exist", async () => {
    const window = await open("official");
    const cookies = await window.context.cookies();
    await window.close();

    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    expect(await crawl(town.origin, cookie)).to.deep.equal([]);
  });

  it("lets a person support, comment and open the menu by keyboard alone", async () => {
    const window = await open("citizen");
    const { page } = window;
    await page.goto(places.open);

    await tabTo(page, "Soutenir");
    await page.keyboard.press("Enter");
    await page.getByText("Vous soutenez cette proposition").waitFor();
    const count = await page.locator("[data-support-count]").innerText();
    await tabTo(page, "comment");
    await page.keyboard.type("Écrit sans souris.");
    await tabTo(page, "Publier mon commentaire");
    await page.keyboard.press("Enter");
    await page.getByText("Écrit sans souris.").first().waitFor();
    await tabTo(page, "Menu");
    await page.keyboard.press("Enter");
    const opened = await page.locator(".menu-list").isVisible();
    await page.keyboard.press("Escape");
    const closed = await page.locator(".menu-list").isHidden();
    await window.close();

    expect(count).to.equal("509");
    expect([opened, closed]).to.deep.equal([true, true]);
    expect(window.faults).to.deep.equal([]);
  });

  it("shows where the focus is, wherever it goes", async () => {
    const window = await open("nobody");
    const { page } = window;
    await page.goto(places.answered);
    const hidden: string[] = [];

    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("Tab");
      const fault = await ask<string | null>(page, "focusFault()");
      if (fault !== null) hidden.push(fault);
    }
    await window.close();

    expect(hidden).to.deep.equal([]);
  });

  it("stays whole when the letters are twice as large", async () => {
    const window = await open("nobody", { width: 640 });
    const { page } = window;
    const faults: string[] = [];

    for (const name of ["/", "/proposals", "answered", "/register", "/topics"]) {
      await page.goto(pathOf(name));
      const cut = await ask<string[]>(page, "cutAt('225%')");
      faults.push(...cut.map((text) => `${name}: ${text}`));
    }
    await window.close();

    expect(faults).to.deep.equal([]);
  });
});

/** Press Tab until what has the focus carries the name. */
async function tabTo(page: Window["page"], name: string): Promise<void> {
  for (let step = 0; step < 120; step++) {
    await page.keyboard.press("Tab");
    const here = await ask<string>(page, "focused()");
    if (here.includes(name)) return;
  }
  throw new Error(`Tab never reaches ${name}`);
}
