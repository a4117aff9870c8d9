import type { OwnServerView } from "../../../src/kit/index.js";
import type { LinkChoice, StatusView } from "../../../src/kit/component-models.js";
import { head, type FormView } from "../../../src/kit/index.js";
import { markSafe } from "../../../src/kit/safe-html.js";
import type { HomePage } from "../../../src/features/home/home.pages.js";
import type {
  HistoryPage,
  WithdrawPage,
  WritingPage,
} from "../../../src/features/proposals/proposals.pages.js";
import type { ListPage } from "../../../src/features/proposals/proposals.list.js";
import type {
  CommentForm,
  DiscussedComment,
} from "../../../src/features/square/discussion.pages.js";
import type { PersonPage } from "../../../src/features/square/person.pages.js";
import type { FollowView, ProposalPage } from "../../../src/features/square/proposal.pages.js";
import type { TopicPage, TopicsPage } from "../../../src/features/square/topic.pages.js";
import { now, response, sampleCard, statuses, support } from "../../support/gallery-models.js";

const body = markSafe("<p>Bonjour</p>");
const choice: LinkChoice = { text: "Nature", url: "/topics/nature", current: true, count: null };
const pager = { previous: "/proposals", next: "/proposals?after=x", text: "20 propositions" };
const open = statuses[0] as StatusView;
const cards = [sampleCard(), sampleCard({ number: null, topic: null })];

const form: FormView = {
  values: { title: "t", body: "b", topicId: "1", place: "p", latitude: "", longitude: "" },
  errors: [{ field: "title", label: "Champ", text: "Trop court" }],
};

const commentForm: CommentForm = {
  ...{ action: "/proposals/1/comments", form, parentId: "1", cancelUrl: "/proposals/1" },
};

const follow: FollowView = {
  ...{ action: "/proposals/1/follow", following: false, signInUrl: null, handle: "@p1@a.example" },
};

const ownServer: OwnServerView = {
  acts: [
    { act: "support", text: "Soutenir", url: "/interact?to=support" },
    { act: "comment", text: "Commenter", url: "/interact?to=comment" },
    { act: "follow", text: "Suivre", url: "/interact?to=follow" },
  ],
  otherUrl: "/interact?other=1",
};

function comment(rest: Partial<DiscussedComment> = {}): DiscussedComment {
  return {
    ...{ id: "a1", publishedAt: now, body, stance: null, reportUrl: "/r", removed: null },
    moderateUrl: "/m",
    author: { name: "Alix", url: "/people/a", host: "a.example", role: "Mairie" },
    ...{
      edited: true,
      replyUrl: "?reply=1",
      editUrl: "?edit=1",
      deleteAction: "/comments/1/delete",
      ownServerUrl: "/interact?to=comment",
    },
    ...{ replyForm: commentForm, editForm: null, replies: [] },
    ...rest,
  };
}

const proposal: ProposalPage = {
  head: head("Un titre"),
  ...{ number: 1, title: "Un titre", status: open, topic: { name: "Nature", url: "/topics/n" } },
  author: { name: "Alix", url: "/people/a", host: null, role: null },
  ...{ publishedAt: now, editedAt: now, historyUrl: "/proposals/1/history", body },
  ...{ place: "Gare", withdrawnAt: null, home: null, support, follow, response, ownServer },
  ...{ answerUrl: "/proposals/1/answer", editUrl: "/e", withdrawUrl: "/w", commentCount: 2 },
  reportUrl: "/r",
  discussion: {
    comments: [
      comment({ replies: [comment({ editForm: commentForm })] }),
      comment({ removed: "Supprimé" }),
    ],
    ...{ next: "?after=1", whole: "/proposals/1", cut: "Longue", form: commentForm },
    ...{ signInUrl: null, closed: null, waiting: "2" },
  },
};

const nothingSaid = {
  ...{ comments: [], next: null, whole: null, cut: null, form: null },
  waiting: null,
};

const list: ListPage = {
  head: head("Propositions"),
  ...{ query: "arbre", kept: [{ name: "topic", value: "nature" }], topics: [choice] },
  ...{ statuses: [choice], origins: [choice], sorts: [choice], result: "2 propositions" },
  ...{ cards, pager, start: "/proposals", clear: null },
};

const writing: WritingPage = {
  head: head("Proposer"),
  ...{ action: "/proposals/new", form, topics: [{ value: "1", label: "Nature" }] },
  ...{ preview: { title: "t", body }, newer: { title: "t", body }, version: "1" },
  ...{ back: "/proposals", backText: "Annuler" },
};

const changes = (["same", "added", "removed"] as const).map((kind) => ({ kind, text: kind }));

const history: HistoryPage = {
  ...{ head: head("Historique"), title: "Un titre", url: "/proposals/1" },
  edits: [
    { at: now, title: changes, body: changes },
    { at: now, title: [], body: [] },
  ],
};

const withdraw: WithdrawPage = {
  ...{ head: head("Retirer ?"), action: "/w", back: "/proposals/1", card: sampleCard() },
  takingDown: null,
};

const takingDown: WithdrawPage = {
  ...withdraw,
  takingDown: {
    form: {
      values: { why: "spam", note: "x" },
      errors: [{ field: "why", label: "Motif", text: "?" }],
    },
    reasons: [{ value: "spam", label: "Publicité", hint: null }],
  },
};

const topic: TopicPage = {
  ...{ head: head("Nature"), name: "Nature", description: "Arbres", follow, feedUrl: "/f" },
  ...{
    proposeUrl: "/proposals/new",
    sorts: [choice],
    cards,
    pager,
    start: "/topics/nature",
    ownServer,
  },
};

const topics: TopicsPage = {
  head: head("Sujets"),
  topics: [{ name: "Nature", description: "Arbres", url: "/topics/nature", proposalCount: 2 }],
};

const person: PersonPage = {
  ...{ head: head("Alix"), name: "Alix", about: "Bonjour", since: now, handle: "@a@a.example" },
  ...{ mine: true, ownServer, cards, next: "/people/a?after=x" },
  fields: [
    { label: "Site", text: "alix.example", href: "https://alix.example/" },
    { label: "Quartier", text: "Gare", href: null },
  ],
  comments: [{ url: "/comments/1", excerpt: "Oui", at: now, proposal: "Un titre" }],
};

const answer = {
  ...{ url: "/responses/1", proposalUrl: "/proposals/1", title: "Un titre", office: "Parcs" },
  ...{ at: now, publishedAt: now, excerpt: "Oui", decision: open, progress: "1 sur 2" },
};

const home: HomePage = {
  ...{ head: head("Valmont"), name: "Valmont", tagline: "Ici", moving: cards, fresh: cards },
  topics: [{ name: "Nature", url: "/topics/nature", proposalCount: 2 }],
  responses: [answer],
  ...{ handle: "@valmont@a.example", ownServer },
};

/** Models that together reach every part of each template. */
export const samples: Readonly<Record<string, readonly object[]>> = {
  "home/home": [home, { ...home, moving: [] }],
  "proposals/list": [
    list,
    { ...list, cards: [], clear: "/proposals" },
    { ...list, cards: [], clear: null },
  ],
  "proposals/new": [writing],
  "proposals/edit": [writing],
  "proposals/history": [history, { ...history, edits: [] }],
  "proposals/withdraw": [takingDown, withdraw],
  "square/proposal": [
    proposal,
    {
      ...proposal,
      ...{ withdrawnAt: now, home: { name: "Vélo", url: "https://velo.example/1" } },
      follow: { ...follow, following: true },
      discussion: { ...nothingSaid, signInUrl: "/sign-in", closed: null },
    },
    {
      ...proposal,
      follow: { ...follow, action: null, signInUrl: "/sign-in" },
      support: { ...support, action: null, signInUrl: null, closed: "Close" },
      discussion: { ...nothingSaid, signInUrl: null, closed: "Close" },
    },
    {
      ...proposal,
      support: { ...support, action: null, signInUrl: "/sign-in", closed: null },
    },
    { ...proposal, support: { ...support, supported: !support.supported } },
  ],
  "square/topic": [topic, { ...topic, cards: [] }],
  "square/topics": [topics, { ...topics, topics: [] }],
  "people/show": [person, { ...person, cards: [], comments: [] }],
};
