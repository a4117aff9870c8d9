import type { InstancePage } from "../../../src/features/operators/instance.pages.js";
import type { InstanceView } from "../../../src/features/operators/instance-view.js";
import type { InstancesPage } from "../../../src/features/operators/instances.pages.js";
import type { JournalPage } from "../../../src/features/operators/journal.pages.js";
import type { MailPage } from "../../../src/features/operators/mail.pages.js";
import type { OverviewPage } from "../../../src/features/operators/overview.pages.js";
import type { QueuesPage } from "../../../src/features/operators/queues.pages.js";
import { head } from "../../../src/kit/index.js";
import { now } from "../../support/gallery-models.js";
import { holdTogether } from "../../support/page-templates.js";

const frame = {
  head: head("Exploitation"),
  tabs: [{ text: "État", url: "/operator", current: true, count: null }],
};
const badge = { code: "accepted", label: "Répond" } as const;
const entry = { at: now, who: "Inès", what: "Relancé :", about: "x", note: "Sans effet." };
const overview: OverviewPage = {
  ...frame,
  health: [{ label: "Base", badge, note: "Rien ne va." }],
  disk: { badge, facts: [{ label: "Libre", value: "4 Go" }] },
  versions: [{ label: "Parvis", value: "1.0" }],
  processes: [{ what: "server (web)", where: "sur a, n° 1" }],
  journal: [entry, { ...entry, note: null }],
  wholeJournal: "/operator/journal",
};
const journal: JournalPage = {
  ...frame,
  entries: overview.journal,
  back: "/o",
  host: "valmont.example",
  next: "/n",
  start: "/s",
};

const choice = { text: "Tous", url: "/operator/queues", current: true, count: 3 };
const queues: QueuesPage = {
  ...frame,
  queues: [
    { name: "Envois", what: "Ce qui part.", badge, figures: [{ label: "En attente", value: "3" }] },
  ],
  ...{ action: "/operator/queues", queue: "default", lanes: [choice], kinds: [choice] },
  ...{ kind: { name: "a.b", count: 2 }, kindShown: "a.b", host: "valmont.example" },
  ...{ next: "/n", start: "/s" },
  jobs: [
    {
      ...{ id: "1", kind: "a.b", host: "valmont.example", about: ["proposalId 1"], diedAt: now },
      ...{ tries: "9 essais", reason: "Non" },
    },
  ],
};

const mail: MailPage = {
  ...frame,
  ...{ action: "/operator/mail", way: "SMTP", domain: "ville.fr", isUnderWay: false },
  check: { at: now, seen: [{ label: "SPF", badge, note: "Bien." }] },
  days: [{ day: now, sent: 3, deferred: 2, failed: 1 }],
  troubles: [
    { ...{ domain: "a.example", at: now, badge, why: "Pleine" }, codes: "550", tries: "1 essai" },
  ],
};

const place = { manage: "/operator/instances/x", url: "https://valmont.example/", badge };
const valmont: InstanceView = {
  ...{ ...place, name: "Valmont", host: "valmont.example", note: "Suspendue.", noFigures: "" },
  figures: {
    ...{ members: "1 sur 9", proposals: 2, comments: 3, recent: 4, storage: "5 Mo", mails: "6" },
    ...{ lastProposalAt: now, lastSignInOn: now, measuredAt: now, isOld: true },
  },
  troubles: [
    { text: "2 serveurs", url: null },
    { text: "3 travaux", url: "/operator/queues" },
  ],
};
const roche: InstanceView = {
  ...{ ...place, name: "Roche", host: "roche.example", note: null, url: null },
  ...{ figures: null, noFigures: "Pas de chiffres.", troubles: [] },
};

const instances: InstancesPage = {
  ...{ ...frame, query: "val", states: [choice], next: "/n", start: "/s" },
  instances: [valmont, roche, { ...roche, note: "Fermée." }],
};

const acts = ["suspend", "explain", "resume", "limits", "delete", "undelete"] as const;
const every = (may: boolean) =>
  Object.fromEntries(acts.map((act) => [act, may])) as Record<(typeof acts)[number], boolean>;
const instance: InstancePage = {
  ...{ ...frame, instance: valmont, back: "/operator/instances" },
  journal: "/operator/journal?host=valmont.example",
  usage: [{ label: "Images", value: "5 Mo" }],
  actions: {
    ...{ action: "/operator/instances/x", host: "valmont.example", may: every(true), isOwn: true },
    ...{ grace: "30", mostGraceDays: 365, mostReason: 300, reason: "Panne.", typedHost: "val" },
    errors: ["storage", "reason"].map((field) => ({ field, label: "Images", text: "Non." })),
    limits: [
      {
        ...{ name: "storage", choiceName: "storageChoice", choiceLabel: "Images" },
        ...{ valueLabel: "En Mo", choices: [{ value: "own", label: "La sienne" }] },
        ...{ choice: "own", value: "20", shownName: "storageShown", shown: "20000000" },
      },
    ],
  },
};
const idle = { ...instance.actions, may: every(false), isOwn: false, errors: [] };

const samples: Readonly<Record<string, readonly object[]>> = {
  "operators/queues": [queues, { ...queues, kind: null, host: null }, { ...queues, jobs: [] }],
  "operators/instances": [instances, { ...instances, instances: [] }],
  "operators/instance": [instance, { ...instance, instance: roche, actions: idle }],
  "operators/mail": [mail, { ...mail, isUnderWay: true, check: null, days: [], troubles: [] }],
  "operators/journal": [journal, { ...journal, entries: [] }],
  "operators/overview": [overview, { ...overview, processes: [], journal: [] }],
};

describe("the templates of the operators' pages", () => {
  holdTogether(samples, /^operators\./);
});
