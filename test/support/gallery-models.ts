import type {
  CommentView,
  ProposalCard,
  ResponseBox,
  StatusView,
  SupportBox,
} from "../../src/kit/component-models.js";
import { head } from "../../src/kit/page.js";
import { markSafe } from "../../src/kit/safe-html.js";
import type { SiteModel } from "../../src/kit/site-model.js";

export const now = new Date("2026-11-23T10:00:00Z");
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

/** The frame of a town's page, seen by an official who is signed in. */
export function sampleSite(rest: Partial<SiteModel> = {}): SiteModel {
  return {
    instanceName: "Saint-Amand-sur-Loire",
    instanceKind: "city",
    language: "fr",
    otherLanguages: [{ code: "en", name: "English", url: "/proposals?lang=en" }],
    colour: "198",
    logo: null,
    picture: "https://saint-amand.example/media/a.jpg",
    path: "/proposals",
    member: {
      name: "Maud L.",
      unread: 3,
      canModerate: true,
      toModerate: 4,
      canAnswer: true,
      isAdmin: true,
      isOperator: true,
    },
    csrf: "token",
    flash: null,
    assets: { css: "/assets/main.css", js: "/assets/main.js" },
    requestId: "01JD8QK2Z4",
    now,
    timezone: "Europe/Paris",
    ...rest,
  };
}

export const statuses: readonly StatusView[] = [
  { code: "open", label: "Ouverte" },
  { code: "under-study", label: "À l’étude" },
  { code: "accepted", label: "Acceptée" },
  { code: "planned", label: "Programmée" },
  { code: "declined", label: "Refusée" },
  { code: "not-ours", label: "Hors compétence" },
  { code: "done", label: "Réalisée" },
  { code: "withdrawn", label: "Retirée" },
];

const status = (code: StatusView["code"]): StatusView =>
  statuses.find((one) => one.code === code) as StatusView;

/** A proposal in a list; every nullable field is filled, so that nothing is left unlooked at. */
export function sampleCard(rest: Partial<ProposalCard> = {}): ProposalCard {
  return {
    number: 128,
    title: "Une piste cyclable continue entre la gare et le lycée Jean-Zay",
    url: "/proposals/128",
    topic: { name: "Mobilités", url: "/topics/mobilites" },
    status: status("under-study"),
    author: { name: "Maud L." },
    publishedAt: daysAgo(12),
    supports: 1284,
    comments: 46,
    excerpt:
      "Huit cents élèves prennent chaque matin l’avenue de la République, où la bande cyclable " +
      "s’arrête au pont. Deux cents mètres suffiraient à relier les deux tronçons existants.",
    place: "Avenue de la République",
    origin: "velos-loire.example",
    ...rest,
  };
}

export const proposals: readonly ProposalCard[] = [
  sampleCard({ origin: null }),
  sampleCard({
    number: 131,
    title: "Ouvrir la cour de l’école des Tilleuls le week-end",
    topic: { name: "Écoles", url: "/topics/ecoles" },
    status: status("accepted"),
    author: { name: "Association Les Tilleuls" },
    publishedAt: daysAgo(3),
    supports: 312,
    comments: 9,
    excerpt:
      "Le quartier n’a pas d’aire de jeux. La cour est ombragée, fermée, et reste vide deux jours " +
      "sur sept.",
    place: null,
  }),
  sampleCard({
    number: 97,
    title: "Éteindre l’éclairage public entre 1 h et 5 h",
    topic: { name: "Énergie", url: "/topics/energie" },
    status: status("declined"),
    author: { name: "brume" },
    publishedAt: daysAgo(61),
    supports: 87,
    comments: 132,
    excerpt: "D’autres communes l’ont fait, avec un tiers d’économie sur la facture.",
    origin: null,
    place: null,
  }),
  sampleCard({
    number: 44,
    title: "Un marché du soir place du Parvis, le premier jeudi du mois",
    topic: { name: "Commerces", url: "/topics/commerces" },
    status: status("done"),
    author: { name: "Karim B." },
    publishedAt: daysAgo(240),
    supports: 1,
    comments: 0,
    excerpt: "Pour celles et ceux qui travaillent le samedi matin.",
    origin: null,
    place: "Place du Parvis",
  }),
];

export const support: SupportBox = {
  count: 1284,
  origins: [
    { label: "Sur ce site", count: 1071 },
    { label: "Sites d’associations", count: 148 },
    { label: "Depuis Mastodon", count: 65 },
  ],
  action: "/proposals/128/support",
  supported: false,
  signInUrl: "/sign-in",
  closed: null,
};

export const response: ResponseBox = {
  decision: status("planned"),
  office: "Direction des mobilités",
  publishedAt: daysAgo(2),
  body: markSafe(
    "<p>Le tronçon manquant sera réalisé en 2027, avec la réfection du pont. Le budget de " +
      "<strong>180 000 €</strong> a été voté le 12 novembre.</p><p>D’ici là, une voie sera " +
      "réservée aux vélos de 7 h 30 à 9 h les jours d’école.</p>",
  ),
  url: "/responses/57",
  milestones: [
    { title: "Étude de circulation", date: daysAgo(40), state: "done", detail: null },
    {
      title: "Voie réservée le matin",
      date: new Date("2026-12-07T00:00:00Z"),
      state: "current",
      detail: "Marquage au sol en cours.",
    },
    { title: "Travaux sur le pont", date: null, state: "coming", detail: null },
  ],
};

/** A comment of a remote person with an answer of the town hall. */
export function sampleComment(rest: Partial<CommentView> = {}): CommentView {
  return {
    id: "c1",
    author: { name: "Hélène", url: "/people/helene", host: "piaille.example", role: null },
    publishedAt: daysAgo(5),
    body: markSafe(
      "<p>Ma fille fait ce trajet tous les jours. Le pont est le seul endroit où elle descend " +
        "de vélo.</p>",
    ),
    stance: "for",
    removed: null,
    replyUrl: "/proposals/128/reply?to=c1",
    reportUrl: "/reports/new?about=c1",
    replies: [
      {
        id: "c2",
        author: { name: "Service voirie", url: "/people/voirie", host: null, role: "Mairie" },
        publishedAt: daysAgo(4),
        body: markSafe("<p>Merci. Les comptages du pont seront publiés lundi.</p>"),
        stance: null,
        removed: null,
        replyUrl: "/proposals/128/reply?to=c2",
        reportUrl: null,
        replies: [],
      },
    ],
    ...rest,
  };
}

const choice = (text: string, count: number | null, current = false) => ({
  text,
  url: "/proposals?x=1",
  current,
  count,
});

export const galleryPages = {
  list: {
    head: head("Propositions", { description: "Les idées des habitants." }),
    lead: "Les idées des habitants et des associations. Lisez, soutenez, proposez : la mairie répond à chacune.",
    filters: [
      choice("Toutes", 132, true),
      choice("Ouvertes", 58),
      choice("À l’étude", 21),
      choice("Acceptées", 34),
      choice("Réalisées", 19),
    ],
    topics: [choice("Mobilités", null), choice("Écoles", null), choice("Énergie", null)],
    proposals,
    pager: { previous: "/proposals?page=1", next: "/proposals?page=3", text: "21 à 40 sur 132" },
    support,
    visitor: { ...support, action: null, origins: [] },
    supported: { ...support, supported: true, count: 1285 },
  },
  proposal: {
    head: head("Une piste cyclable continue entre la gare et le lycée Jean-Zay"),
    crumbs: [
      { text: "Propositions", url: "/proposals" },
      { text: "Mobilités", url: "/topics/mobilites" },
      { text: "N° 128", url: null },
    ],
    status: status("planned"),
    author: { name: "Maud L.", url: "/people/maud", host: null, role: "Association" },
    publishedAt: daysAgo(12),
    body: markSafe(
      "<p>Huit cents élèves prennent chaque matin l’avenue de la République. La bande cyclable " +
        "s’arrête au pont, là où la chaussée se resserre, et reprend deux cents mètres plus loin.</p>" +
        "<h2>Ce que nous proposons</h2><ul><li>une piste séparée sur le pont, côté aval ;</li>" +
        "<li>un passage surélevé devant le lycée ;</li><li>un comptage avant et après.</li></ul>" +
        "<blockquote><p>Les deux tronçons existent déjà : il manque le milieu.</p></blockquote>" +
        '<p>Le <a href="https://example.org/plan">plan vélo</a> la prévoyait pour 2024.</p>',
    ),
    response,
    tabs: [choice("Les meilleurs arguments", 12, true), choice("Les plus récents", 46)],
    comments: [
      sampleComment(),
      sampleComment({
        id: "c3",
        stance: "against",
        replies: [],
        author: { name: "Loïc", url: null, host: null, role: null },
        body: markSafe("<p>Et les livraisons ? Le pont est le seul accès au quai.</p>"),
      }),
      sampleComment({
        id: "c4",
        stance: null,
        replies: [],
        removed: "Ce commentaire a été retiré par son auteur.",
        replyUrl: null,
        reportUrl: null,
      }),
    ],
    support,
  },
  forms: {
    head: head("Faire une proposition"),
    errors: [
      { field: "title", label: null, text: "Écrivez votre proposition en une phrase." },
      { field: "place", label: null, text: "Dites si elle concerne un lieu précis." },
      { field: "terms", label: null, text: "Acceptez la charte pour publier." },
    ],
    title: "",
    text: "Le quartier n’a pas d’aire de jeux.",
    topics: [
      { value: "ecoles", label: "Écoles" },
      { value: "mobilites", label: "Mobilités" },
    ],
    places: [
      { value: "place", label: "Oui, un lieu", hint: "Vous le montrerez sur la carte." },
      { value: "city", label: "Non, toute la commune", hint: null },
    ],
    statuses,
    proposals,
  },
} as const;
