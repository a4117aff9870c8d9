import type { Status } from "../../features/proposals/proposal.js";
import type { Decision } from "../../features/responses/response.js";
import type { Language } from "../../kit/index.js";

/** What our notes say to readers on other servers, in the instance's language. */
export interface Words {
  readonly status: Readonly<Record<Status, string>>;
  readonly decision: Readonly<Record<Decision, string>>;
  readonly proposedBy: (name: string) => string;
  readonly formerMember: string;
  readonly hidden: string;
  readonly readOn: (instance: string) => string;
  readonly answerOf: (office: string) => string;
  readonly statusNow: (title: string, status: string) => string;
  readonly milestoneDone: (milestone: string, title: string) => string;
  readonly due: (day: string) => string;
  readonly done: (day: string) => string;
  /** Between what is spoken of and what is said of it. */
  readonly colon: string;
  readonly proposalActor: (number: number, instance: string) => string;
  readonly topicActor: (topic: string, instance: string) => string;
}

const french: Words = {
  status: {
    open: "Ouverte aux soutiens",
    "under-study": "À l’étude",
    accepted: "Acceptée",
    planned: "Programmée",
    declined: "Non retenue",
    "not-ours": "Hors compétence",
    done: "Réalisée",
    withdrawn: "Retirée",
  },
  decision: {
    accepted: "Acceptée",
    planned: "Programmée",
    "under-study": "À l’étude",
    declined: "Non retenue",
    "not-ours": "Hors compétence",
  },
  proposedBy: (name) => `proposée par ${name}`,
  formerMember: "un ancien membre",
  hidden: "Commentaire masqué par la modération.",
  readOn: (instance) => `Lire et soutenir sur ${instance}`,
  answerOf: (office) => `Réponse officielle · ${office}`,
  statusNow: (title, status) => `« ${title} » : ${status}.`,
  milestoneDone: (milestone, title) => `Étape franchie pour « ${title} » : ${milestone}.`,
  due: (day) => `prévu le ${day}`,
  done: (day) => `fait le ${day}`,
  colon: " : ",
  proposalActor: (number, instance) =>
    `Proposition n° ${number} sur ${instance}. Suivez ce compte pour connaître la suite ; ` +
    "un favori vaut soutien, une réponse vaut commentaire.",
  topicActor: (topic, instance) => `Les propositions sur ${instance} : ${topic}.`,
};

const english: Words = {
  status: {
    open: "Open for support",
    "under-study": "Under study",
    accepted: "Accepted",
    planned: "Planned",
    declined: "Declined",
    "not-ours": "Not ours to decide",
    done: "Done",
    withdrawn: "Withdrawn",
  },
  decision: {
    accepted: "Accepted",
    planned: "Planned",
    "under-study": "Under study",
    declined: "Declined",
    "not-ours": "Not ours to decide",
  },
  proposedBy: (name) => `proposed by ${name}`,
  formerMember: "a former member",
  hidden: "Comment hidden by moderation.",
  readOn: (instance) => `Read and support it on ${instance}`,
  answerOf: (office) => `Official response · ${office}`,
  statusNow: (title, status) => `“${title}”: ${status}.`,
  milestoneDone: (milestone, title) => `A step of “${title}” is done: ${milestone}.`,
  due: (day) => `due ${day}`,
  done: (day) => `done ${day}`,
  colon: ": ",
  proposalActor: (number, instance) =>
    `Proposal No. ${number} on ${instance}. Follow this account to hear what becomes of it; ` +
    "a favourite is a support, a reply is a comment.",
  topicActor: (topic, instance) => `Proposals on ${instance}: ${topic}.`,
};

/** The words of a language. */
export function wordsOf(language: Language): Words {
  return language === "fr" ? french : english;
}
