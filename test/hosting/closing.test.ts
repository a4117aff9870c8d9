import { expect } from "chai";
import { askForReset } from "../../src/features/accounts/registration.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { createIds } from "../../src/drivers/clock.js";
import {
  deleteInstance,
  explainSuspension,
  resumeInstance,
  suspendInstance,
  undeleteInstance,
} from "../../src/hosting/closing.js";
import { createInstances } from "../../src/hosting/instances.js";
import type { Instance } from "../../src/kit/index.js";
import { until } from "../drivers/queue.conformance.js";
import { aDeployment, type Answer, type Deployment } from "../support/deployment.js";
import { textOf } from "../support/forms.js";

const day = 24 * 3_600_000;
const as2 = { Accept: "application/activity+json" };

describe("A city that its host closes", function () {
  this.timeout(20_000);
  let site: Deployment;
  let host: string;
  let city: Instance;
  let founded = 0;

  before(async () => {
    site = await aDeployment();
    await site.city("roche.example", { name: "Roche" });
  });
  beforeEach(async () => {
    host = `valmont-${(founded += 1)}.example`;
    city = await site.city(host, { name: "Valmont" });
  });
  after(() => site.close());

  const parts = () => ({ instances: site.app.instances, clock: site.clock });
  const ask = (path: string, headers = {}, method = "GET"): Promise<Answer> =>
    site.browser(host).ask(method, path, { headers });
  const now = async (): Promise<Instance> => (await site.app.instances.byId(city._id))!;
  const later = async (ms: number): Promise<void> => {
    site.clock.advance(ms);
    await site.settle();
  };

  describe("for a while", () => {
    it("tells visitors so and why, in their language, on a page that nobody keeps", async () => {
      await suspendInstance(parts(), city, "Facture <impayée>");

      const page = await ask("/proposals");
      const english = await ask("/", { "Accept-Language": "en" });

      expect(page.status).to.equal(503);
      expect(page.headers).to.include({ "cache-control": "no-store", "retry-after": "600" });
      expect(textOf(page.text)).to.contain("Ce site est en pause").and.contain("Facture <impayée>");
      expect(page.text).to.contain("Valmont").and.not.contain("<impayée>");
      expect(textOf(english.text)).to.contain("This site is paused");
    });

    it("gives no reason that was meant for a pause before to the one after it", async () => {
      await suspendInstance(parts(), city, "Until Monday.");
      const first = await now();
      await resumeInstance(parts(), city);
      site.clock.advance(60_000);
      await suspendInstance(parts(), city, "Spam wave.");

      expect(await explainSuspension(parts(), first, "Until Tuesday.")).to.equal(null);
      expect((await now()).suspension?.reason).to.equal("Spam wave.");

      await explainSuspension(parts(), await now(), "Spam wave, until noon.");
      expect((await now()).suspension?.reason).to.equal("Spam wave, until noon.");
    });

    it("asks other servers to come back, and has them remove nothing", async () => {
      await suspendInstance(parts(), city, "");

      const inbox = await ask("/inbox", as2, "POST");
      const actor = await ask("/actor", as2);

      expect(inbox.status).to.equal(503);
      expect(inbox.headers["retry-after"]).to.equal("600");
      expect(actor.status).to.equal(503);
      expect(JSON.parse(actor.text)).to.include({ error: "site-suspended" });
    });

    it("loses none of its work: what was to be done waits, and is done once it is open again", async () => {
      const ctx = await site.ctx(host);
      const person = { name: "Camille", mail: "camille@mail.example", password: "trois mots" };
      await createAccount(ctx, { ...person, roles: ["citizen"], confirmed: true });
      const sent = () => site.mails.map(({ to }) => to);
      await site.settle();
      await suspendInstance(parts(), city, "");
      await askForReset(ctx, person.mail, "192.0.2.1");
      for (let hour = 0; hour < 3; hour += 1) await later(3_600_000);
      expect(sent()).to.deep.equal([]);

      await resumeInstance(parts(), await now());
      await later(15 * 60_000);

      expect(sent()).to.deep.equal([person.mail]);
      expect(await site.app.drivers.queue.dead("default", 10)).to.deep.equal([]);
      expect((await ask("/")).status).to.equal(200);
    });

    it("is closed in every process, and no other city is", async () => {
      const { clock, store } = site.app.drivers;
      const elsewhere = createInstances(store, { clock, ids: createIds(clock), keptMs: 20 });
      expect((await elsewhere.byHost(host))?.state).to.equal("active");

      await suspendInstance(parts(), city, "");

      await until(async () => (await elsewhere.byHost(host))?.state === "suspended");
      expect((await site.browser("roche.example").get("/")).status).to.equal(200);
    });
  });

  describe("for good", () => {
    it("tells people until when it can come back, and other servers nothing final", async () => {
      await deleteInstance(parts(), city, 30);

      const page = await ask("/proposals");
      const machines = [
        await ask("/actor", as2),
        await ask("/inbox", as2, "POST"),
        await ask("/inbox", {}, "POST"),
        await ask(`/.well-known/webfinger?resource=acct:valmont@${host}`),
      ];

      expect(page.status).to.equal(410);
      expect(textOf(page.text))
        .to.contain("Ce site a été fermé")
        .and.match(/\d{1,2}(er)? \w+ 2026/);
      expect(machines.map(({ status }) => status)).to.deep.equal([503, 503, 503, 503]);
    });

    it("comes back as it was within its grace, with its work", async () => {
      await suspendInstance(parts(), city, "Impayé");
      await deleteInstance(parts(), await now(), 30);
      await later(29 * day);

      const back = await undeleteInstance(parts(), await now());

      expect(back).to.include({ state: "suspended", deletion: null });
      expect(back?.suspension?.reason).to.equal("Impayé");
    });

    it("does not come back after it, even while nothing is removed yet", async () => {
      await deleteInstance(parts(), city, 30);
      site.clock.advance(30 * day);

      const page = await ask("/proposals");
      const [machine, inbox] = [await ask("/actor", as2), await ask("/inbox", as2, "POST")];

      expect(page.status).to.equal(410);
      expect(textOf(page.text))
        .to.contain("Ce site n’existe plus")
        .and.not.match(/peut revenir|avant cette date/);
      expect([machine.status, inbox.status]).to.deep.equal([503, 503]);
      expect(await undeleteInstance(parts(), await now())).to.equal(null);
      expect(await deleteInstance(parts(), await now(), 30)).to.equal(null);
    });
  });
});
