import type { AboutPage } from "../../../src/features/about/about.feature.js";
import type { ProfilePage } from "../../../src/features/accounts/profile.pages.js";
import type { PresentationPage } from "../../../src/features/instance-profile/profile.pages.js";
import { head, type FormView, type ProfileFieldLine } from "../../../src/kit/index.js";
import { markSafe } from "../../../src/kit/safe-html.js";
import { holdTogether } from "../../support/page-templates.js";

const errors = [
  "tagline",
  "description",
  "contact",
  "attributionDomains",
  "logo",
  "banner",
  "name",
];
const form: FormView = {
  values: {
    ...{ tagline: "t", description: "d", contact: "c", attributionDomains: "a", name: "n" },
    ...{ about: "a", language: "fr", mailNotices: "on", discoverable: "on", indexable: "on" },
  },
  errors: errors.map((field) => ({ field, label: "Champ", text: "Trop court" })),
};
const english: FormView = { ...form, values: { ...form.values, language: "en" } };
const lines: ProfileFieldLine[] = [
  {
    number: 1,
    label: { name: "fieldLabel1", value: "Site", error: null },
    value: { name: "fieldValue1", value: "", error: "Nécessaire" },
  },
];

const edit: PresentationPage = {
  ...{ newer: { parts: [{ label: "Présentation", lines: ["Une", "Deux"] }] }, version: "3" },
  ...{ head: head("Présentation"), form, lines, logo: "/media/a.png", banner: "/media/b.jpg" },
  ...{ mostMegabytes: 4, handle: "@valmont@valmont.example" },
};

const about: AboutPage = {
  ...{ head: head("À propos"), instanceName: "Valmont", tagline: "Au bord de l’eau" },
  ...{ handle: "@valmont@valmont.example", logo: "/media/a.png", banner: "/media/b.jpg" },
  description: markSafe("<p>Nous</p>"),
  fields: [
    { label: "Site", text: "a.example", href: "https://a.example/" },
    { label: "Maire", text: "Alix", href: null },
  ],
  contact: { text: "a@a.example", href: "mailto:a@a.example" },
  ownServer: {
    acts: [
      { act: "support", text: "Soutenir", url: "/interact?to=support" },
      { act: "comment", text: "Commenter", url: "/interact?to=comment" },
      { act: "follow", text: "Suivre", url: "/interact?to=follow" },
    ],
    otherUrl: "/interact?other=1",
  },
};

const profile: ProfilePage = {
  ...{ head: head("Mon compte"), form, lines, mail: "a@a.example", publicUrl: "/people/a" },
  networkHandle: "@a@a.example",
};

const samples: Readonly<Record<string, readonly object[]>> = {
  "instance-profile/edit": [edit, { ...edit, newer: null } satisfies PresentationPage],
  "about/show": [about],
  "accounts/profile": [
    profile,
    { ...profile, form: english, networkHandle: null } satisfies ProfilePage,
  ],
};

describe("the pages on which a site and a member present themselves", () => {
  holdTogether(samples, /^(?:instance-profile|about|accounts|site)\./);
});
