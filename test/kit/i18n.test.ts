import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  checkTranslations,
  createTranslators,
  isTranslated,
  loadTranslations,
  negotiateLanguage,
  translationsOf,
} from "../../src/kit/i18n/index.js";
import { millisecondsOf } from "../support/cpu-time.js";

const sources = {
  fr: {
    proposals: {
      title: "L'école et la ville",
      by: "Proposition d'{name}",
      supports: "{count, plural, =0 {Aucun soutien} one {# soutien} other {# soutiens}}",
      kind: "{kind, select, city {la ville} other {l'association}}",
      bold: "<b>{name}</b> l'a dit",
      who: "La mairie répond",
      whoOfAssociation: "L'association répond",
    },
  },
  en: {
    proposals: {
      title: "School and town",
      by: "A proposal by {name}",
      supports: "{count, plural, =0 {No support} one {# support} other {# supports}}",
      kind: "{kind, select, city {the city} other {the association}}",
      bold: "<b>{name}</b> said so",
      who: "The town hall answers",
      whoOfAssociation: "The association answers",
    },
  },
};

const translatorFor = createTranslators(translationsOf(sources), { strict: true });
const fr = translatorFor("fr", "Europe/Paris", "city");
const en = translatorFor("en", "Europe/Paris", "city");

describe("A text", () => {
  it("is said in the reader's language", () => {
    expect(fr.t("proposals.title")).to.equal("L'école et la ville");
    expect(en.t("proposals.title")).to.equal("School and town");
  });

  it("counts as the language does: zero is singular in French, plural in English", () => {
    expect(fr.t("proposals.supports", { count: 0 })).to.equal("Aucun soutien");
    expect(fr.t("proposals.supports", { count: 1 })).to.equal("1 soutien");
    expect(fr.t("proposals.supports", { count: 1234 })).to.match(/^1\s234 soutiens$/u);
    expect(en.t("proposals.supports", { count: 1 })).to.equal("1 support");
    expect(en.t("proposals.supports", { count: 1234 })).to.equal("1,234 supports");
  });

  it("chooses between words", () => {
    expect(fr.t("proposals.kind", { kind: "city" })).to.equal("la ville");
    expect(fr.t("proposals.kind", { kind: "association" })).to.equal("l'association");
  });

  it("speaks of the association on an association's site, where the words differ", () => {
    const association = translatorFor("fr", "Europe/Paris", "association");

    expect(fr.t("proposals.who")).to.equal("La mairie répond");
    expect(association.t("proposals.who")).to.equal("L'association répond");
    expect(association.t("proposals.title")).to.equal("L'école et la ville");
  });

  it("keeps its apostrophes, even before a parameter", () => {
    expect(fr.t("proposals.by", { name: "Inès" })).to.equal("Proposition d'Inès");
  });

  it("is text: tags in it and in its parameters stay as they are written", () => {
    expect(fr.t("proposals.bold", { name: "<i>{x}</i>" })).to.equal("<b><i>{x}</i></b> l'a dit");
  });

  it("takes whatever a template hands over", () => {
    expect(fr.t("proposals.by", { name: { toString: () => "Inès" } })).to.equal(
      "Proposition d'Inès",
    );
    expect(fr.t("proposals.by", { name: null })).to.be.a("string");
  });

  it("that does not exist, or lacks a parameter, is a loud mistake in development", () => {
    expect(() => fr.t("proposals.nothing")).to.throw("proposals.nothing");
    expect(() => fr.t("proposals.by")).to.throw("proposals.by");
    expect(() => fr.t("__proto__")).to.throw();
    expect(fr.has("proposals.nothing")).to.equal(false);
  });

  it("that does not exist never loses the page in production", () => {
    const calm = createTranslators(translationsOf(sources), { strict: false })("fr", "UTC", "city");

    expect(calm.t("proposals.nothing")).to.equal("nothing");
    expect(calm.t("proposals.by")).to.equal("by");
  });

  it("costs less than a microsecond when it takes no parameter", () => {
    const spent = millisecondsOf(() => {
      for (let i = 0; i < 50_000; i += 1) fr.t("proposals.title");
    });

    expect(spent).to.be.below(50);
  });
});

describe("Dates and numbers", () => {
  const evening = new Date("2026-11-22T23:30:00Z");

  it("follow the instance's clock and the reader's language", () => {
    expect(fr.formatDate(evening)).to.equal("23 novembre 2026");
    expect(en.formatDate(evening, "short")).to.equal("23 Nov 2026");
    expect(translatorFor("fr", "America/Guadeloupe", "city").formatDate(evening)).to.equal(
      "22 novembre 2026",
    );
    expect(fr.formatDate(evening, "time")).to.equal("00:30");
    expect(fr.formatDate(new Date(Number.NaN))).to.equal("");
  });

  it("say how long ago something was", () => {
    const now = new Date("2026-11-25T10:00:00Z");
    const before = (ms: number): Date => new Date(now.getTime() - ms);

    expect(fr.formatRelative(before(5_000), now)).to.equal("maintenant");
    expect(fr.formatRelative(before(120_000), now)).to.equal("il y a 2 minutes");
    expect(fr.formatRelative(before(86_400_000), now)).to.equal("hier");
    expect(en.formatRelative(before(-3 * 86_400_000), now)).to.equal("in 3 days");
    expect(en.formatRelative(before(800 * 86_400_000), now)).to.equal("2 years ago");
    expect(fr.formatRelative(new Date(Number.NaN), now)).to.equal("");
  });

  it("group digits, show shares and changes", () => {
    expect(fr.formatNumber(12_345)).to.match(/^12\s345$/u);
    expect(en.formatNumber(0.256, "percent")).to.equal("26%");
    expect(en.formatNumber(5, "signed")).to.equal("+5");
    expect(en.formatBytes(0)).to.equal("0 byte");
    expect(en.formatBytes(12_345_678)).to.equal("12.3 MB");
    expect(fr.formatBytes(999_000_000_000_000_000)).to.match(/^999\s000\sTo$/u);
  });

  it("count days by the calendar of the place, through a change of clocks", () => {
    expect(fr.formatDistanceDays(12)).to.match(/^12\sjours$/u);
    expect(fr.formatDistanceDays(1)).to.match(/^1\sjour$/u);
    expect(fr.daysBetween(new Date("2026-10-24T10:00Z"), new Date("2026-10-25T22:30Z"))).to.equal(
      1,
    );
    expect(fr.daysBetween(new Date("2026-10-24T22:30Z"), new Date("2026-10-25T22:30Z"))).to.equal(
      0,
    );
    expect(fr.daysBetween(evening, evening)).to.equal(0);
  });

  it("refuse a place nobody knows", () => {
    expect(() => translatorFor("fr", "Europe/Nowhere", "city")).to.throw(RangeError);
  });
});

describe("The reader's language", () => {
  const wishes = (chosen: string | null, acceptLanguage: string | null): string =>
    negotiateLanguage({ chosen, acceptLanguage, fallback: "fr" });

  it("is what they chose, else what their browser prefers, else the instance's", () => {
    expect(wishes("en", "fr")).to.equal("en");
    expect(wishes(null, "de-DE,en-GB;q=0.8,fr;q=0.5")).to.equal("en");
    expect(wishes(null, "en;q=0.3, fr-CA;q=0.9")).to.equal("fr");
    expect(wishes(null, "de, es;q=0.5")).to.equal("fr");
    expect(wishes(null, null)).to.equal("fr");
  });

  it("is found whatever the header holds", () => {
    expect(wishes("<script>", "en")).to.equal("en");
    expect(wishes(null, "en;q=0, *;q=0.1")).to.equal("fr");
    expect(wishes(null, "EN-us")).to.equal("en");
    expect(wishes(null, "en;q=nonsense")).to.equal("fr");
    expect(wishes(null, ";;;,,,=".repeat(10_000))).to.equal("fr");
  });
});

describe("The files of texts", () => {
  let viewsDir: string;
  const put = (folder: string, file: string, content: string): void => {
    mkdirSync(join(viewsDir, folder), { recursive: true });
    writeFileSync(join(viewsDir, folder, file), content);
  };

  beforeEach(() => {
    viewsDir = mkdtempSync(join(tmpdir(), "texts-"));
  });
  afterEach(() => rmSync(viewsDir, { recursive: true }));

  it("are read folder by folder", () => {
    put("topics", "fr.json", '{"list": {"title": "Sujets"}}');
    put("topics", "en.json", '{"list": {"title": "Topics"}}');
    put("layouts", "main.hbs", "");

    const translations = loadTranslations(viewsDir);

    expect(translations.en.get("topics.list.title")).to.equal("Topics");
    expect(isTranslated(translations, "topics.list.title")).to.equal(true);
  });

  it("are refused by name when they hold anything but texts", () => {
    put("topics", "fr.json", '{"list": 3}');
    expect(() => loadTranslations(viewsDir)).to.throw("topics/fr.json");

    put("topics", "fr.json", "{");
    expect(() => loadTranslations(viewsDir)).to.throw("topics/fr.json");

    put("topics", "fr.json", '{"a.b": "c"}');
    expect(() => loadTranslations(viewsDir)).to.throw("a.b");
  });

  it("are compared: what is missing, empty, broken or takes other parameters is told", () => {
    const faults = checkTranslations(
      translationsOf({
        fr: { a: "un", b: "{n, plural, other {# de {name}}}", c: "{", d: " ", e: "{x}" },
        en: { b: "{n, plural, other {#}}", c: "c", d: "d", e: "{x}" },
      }),
    );

    expect(faults.map((one) => `${one.language} ${one.key} ${one.problem}`)).to.deep.equal([
      "en a missing",
      "en b other-parameters",
      "fr c not-a-message",
      "fr d empty",
    ]);
  });
});
