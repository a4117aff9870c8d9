import type { FormView } from "../../../src/kit/index.js";
import { head } from "../../../src/kit/index.js";
import { markSafe } from "../../../src/kit/safe-html.js";
import type { StatusView } from "../../../src/kit/component-models.js";
import type { NotificationsPage } from "../../../src/features/notifications/notifications.pages.js";
import type { AnswerPage, StepField } from "../../../src/features/responses/answer.pages.js";
import type { OfficePage } from "../../../src/features/responses/office.pages.js";
import type { ListPage, ShowPage } from "../../../src/features/responses/responses.pages.js";
import { now, response, statuses } from "../../support/gallery-models.js";
import { holdTogether } from "../../support/page-templates.js";

const title = head("Réponse");
const open = statuses[0] as StatusView;
const body = markSafe("<p>Oui</p>");
const pager = { previous: "/x", next: "/x?after=y", text: "20" };
const choice = { text: "Toutes", url: "/responses", current: true, count: null };
const form: FormView = {
  values: { office: "Voirie", decision: "planned", body: "Oui" },
  errors: [{ field: "office", label: "Champ", text: "Trop court" }],
};
const step: StepField = {
  ...{ number: 1, id: "1", title: "Planter", due: "2026-10-01" },
  ...{ titleError: "Quoi ?", dueError: "Quand ?" },
};

const answer: AnswerPage = {
  ...{ head: title, action: "/proposals/1/answer", form, steps: [step], moreSteps: [step] },
  decisions: [{ value: "planned", label: "Programmée", hint: "Inscrit au budget" }],
  ...{ editedAt: "1", newer: { office: "Voirie", body }, given: "/responses/1", preview: body },
  ...{ submit: "Publier", back: "/proposals/1" },
  proposal: {
    ...{ number: 1, title: "Un banc", url: "/proposals/1", status: open, publishedAt: now, body },
    author: { name: "Camille", url: "/people/c", host: "a.example", role: "Mairie" },
    ...{ place: "Place", supports: 1, comments: 2 },
  },
};

const list: ListPage = {
  ...{ head: title, decisions: [choice], clear: "/responses", start: "/responses", pager },
  cards: [
    {
      ...{ title: "Un banc", url: "/responses/1", proposalUrl: "/proposals/1", decision: open },
      ...{ office: "Voirie", publishedAt: now, excerpt: "Oui", progress: "1 sur 2" },
    },
  ],
};

const show: ShowPage = {
  ...{ head: title, title: "Réponse", proposalTitle: "Un banc", proposalUrl: "/proposals/1" },
  ...{ response, editedAt: now, editUrl: "/responses/1/edit" },
  ownServer: {
    acts: [{ act: "comment", text: "Commenter", url: "/interact?to=comment" }],
    otherUrl: "/interact?other=1",
  },
  toReach: [{ title: "Planter", action: "/responses/1/milestones/1/done" }],
};

const office: OfficePage = {
  ...{ head: title, result: "1 proposition", sorts: [choice], start: "/office", pager },
  rows: [
    {
      ...{ number: 1, title: "Un banc", url: "/proposals/1", answerUrl: "/proposals/1/answer" },
      ...{ topic: { name: "Nature", url: "/topics/nature" }, supports: 1, comments: 2 },
      ...{ publishedAt: now, age: "3 jours", origin: "Vélo" },
    },
  ],
};

const told: NotificationsPage = {
  ...{ head: title, anyUnread: true, start: "/notifications", pager },
  rows: [
    {
      text: "La mairie a répondu",
      url: "/notifications/1",
      at: now,
      unread: true,
      statement: { reasons: ["Hors sujet"], contest: "Écrivez-nous." },
    },
  ],
};

const samples: Readonly<Record<string, readonly object[]>> = {
  "responses/answer": [answer],
  "responses/list": [list, { ...list, cards: [] }, { ...list, cards: [], clear: null }],
  "responses/show": [show],
  "responses/office": [office, { ...office, rows: [] }],
  "notifications/list": [told, { ...told, rows: [] }],
};

describe("the pages of answers and notifications", () => {
  holdTogether(samples, /^(?:responses|follows|notifications)\./);
});
