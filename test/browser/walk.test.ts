import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { createTranslators, loadTranslations } from "../../src/kit/i18n/index.js";
import { needs } from "../support/needs.js";
import { faultsOf } from "./support/audit.js";
import { launch, openWindow, signIn, type Window } from "./support/chromium.js";
import { linkIn, mailsFor } from "./support/mailbox.js";
import { aTown, type Town } from "./support/town.js";

const viewsDir = fileURLToPath(new URL("../../views", import.meta.url));
const translatorFor = createTranslators(loadTranslations(viewsDir), { strict: true });
const password = "le canal gèle rarement";
const title = "Planter des tilleuls place du Marché";

for (const { language, scripts } of [
  { language: "fr", scripts: true },
  { language: "en", scripts: false },
] as const) {
  describe(`from an empty server to a proposal that is done, in ${language}, ${scripts ? "with" : "without"} scripts`, function () {
    this.timeout(30_000);
    needs("chromium");
    const { t } = translatorFor(language, "Europe/Paris", "city");
    let town: Town;
    let browser: Browser;
    let office: Window;
    let camille: Window;
    let sasha: Window;
    let path = "";

    before(async () => {
      [town, browser] = await Promise.all([aTown(), launch()]);
      const window = () => openWindow(browser, { origin: town.origin, language, scripts });
      [office, camille, sasha] = [await window(), await window(), await window()];
    });
    after(async () => {
      await browser?.close();
      await town?.close();
    });
    afterEach(() => {
      const faults = [office, camille, sasha].flatMap((window) => window.faults.splice(0));
      expect(faults).to.deep.equal([]);
    });

    const press = async (page: Page, name: string): Promise<void> => {
      await page.locator("main").getByRole("button", { name, exact: true }).first().click();
      await page.waitForLoadState();
    };
    const sees = async (page: Page, text: string): Promise<void> =>
      page.locator("main").getByText(text).first().waitFor();
    const write = async (page: Page, fields: Readonly<Record<string, string>>): Promise<void> => {
      for (const [name, value] of Object.entries(fields))
        await page.fill(`main [name=${name}]`, value);
    };
    const register = async ({ page }: Window, name: string, mail: string): Promise<void> => {
      await page.goto("/register");
      await write(page, { name, mail, password });
      await page.check("[name=agreed]");
      await press(page, t("accounts.register.button"));
      await sees(page, t("accounts.check-mail.title"));
      await town.settle();
      await page.goto(await linkIn(town.mailDir, mail, "/confirm"));
      await write(page, { password });
      await press(page, t("accounts.confirm.button"));
      await sees(page, t("accounts.confirm.done"));
    };
    const signOut = async ({ page }: Window): Promise<void> => {
      await page.locator(".menu summary").click();
      await page.getByRole("button", { name: t("site.nav.signOut") }).click();
      await sees(page, t("accounts.signed-out"));
    };

    it("asks visitors to wait until it is open", async () => {
      const early = await openWindow(browser, { origin: town.origin, language, width: 360 });
      await early.page.goto("/");
      const faults = await faultsOf(early.page, language);
      await early.page.goto(town.invitation);
      faults.push(...(await faultsOf(early.page, language)));
      await press(early.page, t("set-up.button"));
      faults.push(...(await faultsOf(early.page, language)));
      await early.close();
      expect(faults).to.deep.equal([]);
    });

    it("opens the site with its first administrator", async () => {
      const { page } = office;
      await page.goto(town.invitation);
      await page.check(`[name=language][value=${language}]`);
      await write(page, { name: "Valmont", handle: "valmont", adminName: "Mairie de Valmont" });
      await write(page, { mail: "mairie@example.org", password });
      await press(page, t("set-up.button"));
      await sees(page, t("set-up.done"));
      await sees(page, t("home.first"));
    });

    it("lets visitors join, confirm their address and come back", async () => {
      await register(camille, "Camille", "camille@example.org");
      await register(sasha, "Sasha", "sasha@example.org");
      await signOut(camille);
      await camille.page.goto("/proposals/new");
      await write(camille.page, { mail: "camille@example.org", password });
      await press(camille.page, t("accounts.sign-in.button"));
      await sees(camille.page, t("proposals.new.title"));
    });

    if (scripts) {
      it("gives a long text back to whom the session ran out on", async () => {
        const late = await openWindow(browser, { origin: town.origin, language, width: 360 });
        const { page } = late;
        await signIn(late, "camille@example.org", password);
        await page.goto("/proposals/new");
        await write(page, { title, body: "Un long texte que personne ne veut écrire deux fois." });
        await page.selectOption("[name=topicId]", { index: 2 });
        await page.context().clearCookies();
        await press(page, t("proposals.new.button"));
        await signIn(late, "camille@example.org", password);
        await page.goto("/proposals/new");

        expect(await page.inputValue("main [name=body]")).to.include("écrire deux fois");
        await late.close();
      });
    }

    it("shows a proposal before it is published, then publishes it", async () => {
      const { page } = camille;
      await page.goto("/proposals/new");
      await write(page, {
        title,
        body: "Il fait **trop chaud** sur la place.\n\nDouze arbres suffiraient.",
      });
      await page.selectOption("[name=topicId]", { index: 2 });
      await press(page, t("proposals.form.preview"));
      await page.locator(".preview strong", { hasText: "trop chaud" }).first().waitFor();
      await press(page, t("proposals.new.button"));
      await sees(page, t("proposals.new.done"));
      path = new URL(page.url()).pathname;
      expect(await page.locator("h1").innerText()).to.equal(title);
    });

    it("lets its author change it, and everyone see what changed", async () => {
      const { page } = camille;
      await page.goto(`${path}/edit`);
      await write(page, {
        body: "Il fait **trop chaud** sur la place.\n\nDix arbres suffiraient.",
      });
      await press(page, t("site.buttons.save"));
      await sees(page, t("proposals.edit.done"));
      await sasha.page.goto(`${path}/history`);
      expect(await sasha.page.locator("ins").innerText()).to.include("Dix");
      expect(await sasha.page.locator("del").innerText()).to.include("Douze");
    });

    it("counts another's support, comment and reply", async () => {
      const { page } = sasha;
      await page.goto(path);
      await press(page, t("site.support.give"));
      await sees(page, t("site.support.done"));
      expect(await page.locator("[data-support-count]").innerText()).to.equal("1");
      await write(page, { body: "Je tiens un étal : tout à fait d’accord." });
      await press(page, t("square.discussion.publish"));
      await sees(page, "tout à fait d’accord");
      await camille.page.goto(path);
      await camille.page
        .getByRole("link", { name: t("site.comment.reply") })
        .first()
        .click();
      await write(camille.page, { body: "Merci à vous !" });
      await press(camille.page, t("site.comment.reply"));
      await camille.page
        .locator(".comment-replies", { hasText: "Merci à vous !" })
        .first()
        .waitFor();
    });

    it("is followed, and answered by the town hall with dated steps", async () => {
      await sasha.page.goto(path);
      await press(sasha.page, t("site.buttons.follow"));
      await sasha.page.getByRole("button", { name: t("site.buttons.unfollow") }).waitFor();
      const { page } = office;
      await page.goto("/office");
      await page
        .locator("main")
        .getByRole("link", { name: t("responses.office.answer") })
        .first()
        .click();
      await write(page, {
        office: "Espaces verts",
        body: "C’est inscrit au budget de l’an prochain.",
      });
      await page.check("[name=decision][value=planned]");
      await write(page, { step1: "Commander les arbres", due1: "2027-01-15" });
      await press(page, t("responses.answer.button"));
      await sees(page, t("responses.answer.done"));
      await sees(page, "Commander les arbres");
    });

    it("tells those concerned, here and by mail", async () => {
      await town.settle();
      for (const [{ page }, mail] of [
        [camille, "camille@example.org"],
        [sasha, "sasha@example.org"],
      ] as const) {
        await page.goto("/notifications");
        const news = t("notifications.say.response-published", { office: "Espaces verts", title });
        await page.getByRole("link", { name: news }).click();
        await sees(page, "inscrit au budget");
        expect((await mailsFor(town.mailDir, mail)).at(-1)?.text).to.include("Espaces verts");
      }
    });

    it("is done once its last step is", async () => {
      const { page } = office;
      await page.goto(path);
      await page.getByRole("link", { name: t("site.response.open") }).click();
      await page.getByRole("button", { name: t("responses.show.reach") }).click();
      await sees(page, t("responses.show.reached"));
      await page.goto(path);
      await sees(page, t("site.status.done"));
    });

    it("can be withdrawn when it is another one", async () => {
      const { page } = camille;
      await page.goto("/proposals/new");
      await write(page, {
        title: "Fermer la rue Basse le samedi",
        body: "Pour que les enfants y jouent l’après-midi.",
      });
      await page.selectOption("[name=topicId]", { index: 1 });
      await press(page, t("proposals.new.button"));
      await page.goto(`${new URL(page.url()).pathname}/withdraw`);
      await press(page, t("proposals.withdraw.button"));
      await sees(page, t("proposals.withdraw.done"));
      await sees(page, t("site.status.withdrawn"));
    });

    it("gives a new password to who forgot theirs", async () => {
      const { page } = sasha;
      await signOut(sasha);
      await page.goto("/forgotten");
      await write(page, { mail: "sasha@example.org" });
      await press(page, t("accounts.forgotten.button"));
      await town.settle();
      await page.goto(await linkIn(town.mailDir, "sasha@example.org", "/reset"));
      await write(page, { password: "une autre longue phrase" });
      await press(page, t("accounts.reset.button"));
      await sees(page, t("accounts.reset.done"));
    });
  });
}
