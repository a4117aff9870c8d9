import type {
  HandledView,
  HeldPage,
  RefusedPage,
} from "../../../src/features/moderation/moderation.pages.js";
import type {
  CommentPage,
  LogPage,
  ReportPage,
  ReportsPage,
} from "../../../src/features/moderation/reports.pages.js";
import { head } from "../../../src/kit/index.js";
import { markSafe } from "../../../src/kit/safe-html.js";
import { now } from "../../support/gallery-models.js";
import { holdTogether } from "../../support/page-templates.js";

const person = { name: "Ana", url: "https://a.example/@ana", host: "a.example", role: "Mairie" };
const frame = {
  head: head("Modération"),
  tabs: [{ text: "À relire", url: "/admin/moderation", current: true, count: 3 }],
  ...{ next: "/admin/moderation?after=x", start: "/admin/moderation" },
};
const reasons = [{ value: "spam", label: "Publicité", hint: null }] as HeldPage["reasons"];
const comment: HandledView = {
  ...{ id: "a1", author: person, publishedAt: now, body: markSafe("<p>Oui</p>") },
  ...{ why: ["Premier commentaire."], note: "Vu", by: "Camille", wording: "0" },
  proposal: { title: "Un banc", url: "/proposals/1" },
  answers: { name: "Ben", words: "Non" },
  ...{
    action: "/admin/moderation/comments/a1",
    canRelease: true,
    canBlock: true,
    origin: "elsewhere",
  },
  unblockAction: "/admin/moderation/people/p/unblock",
};
const bare: HandledView = { ...comment, body: null, why: [], by: null, answers: null };
const row = { text: "Camille a publié.", why: ["Hors sujet"], note: "Vu", at: now, url: "/x" };
const heldSupport = {
  ...{ id: "s1", person, title: "Un banc", url: "/proposals/1", at: now },
  action: "/admin/moderation/supports/s1",
  together: null,
};
const many = { ...heldSupport, together: { count: 3, site: "a.example", most: 30 } };
const held: HeldPage = { ...frame, items: [comment, bare], reasons, supports: [heldSupport, many] };
const refused: RefusedPage = {
  ...{ ...frame, items: [comment, { ...bare, why: ["Bloqué."] }] },
  supports: [null, "le compte est tenu par un programme."].map((why) => ({
    ...{ person, title: "Un banc", url: "/proposals/1", at: now, why },
  })),
};
const reports: ReportsPage = {
  ...frame,
  items: [
    {
      ...{ id: "r1", what: "Commentaire", words: "Zut", url: "/comments/a1", actUrl: "/m" },
      ...{ author: person, reporter: person, why: "Injures", note: "Voir", at: now, action: "/r" },
      ...{ canForward: true, forwardedAt: now },
    },
  ],
};
const log: LogPage = { ...frame, rows: [row, { ...row, url: null }] };
const one: CommentPage = {
  ...{ head: head("Un commentaire"), comment, state: "held", reasons, decisions: [row] },
};
const report: ReportPage = {
  ...{ head: head("Signaler"), action: "/r", back: "/b", about: "Zut", reasons },
  form: { values: { why: "spam", words: "x" }, errors: [{ field: "why", label: "P", text: "?" }] },
};

const states = ["shown", "held", "refused", "hidden", "deleted"] as const;
const samples: Readonly<Record<string, readonly object[]>> = {
  "moderation/held": [held, { ...held, items: [] }],
  "moderation/refused": [refused, { ...refused, items: [], supports: [] }],
  "moderation/reports": [reports, { ...reports, items: [] }],
  "moderation/log": [log, { ...log, rows: [] }],
  "moderation/comment": [
    ...states.map((state) => ({ ...one, state })),
    { ...one, comment: { ...comment, origin: "here" } },
  ],
  "moderation/report": [report],
};

describe("the pages for moderators and reports", () => {
  holdTogether(samples, /^moderation\./);
});
