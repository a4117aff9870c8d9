import type { Echo } from "../../../src/federation/documents/echo.js";
import type { ProposalInPublic } from "../../../src/federation/translate/proposal.js";
import { instanceOf, type Instance } from "../../../src/kit/index.js";

/** A city as its record says. */
export function anInstance(): Instance {
  return instanceOf({
    ...{ _id: "i1", host: "valmont.example", origin: "https://valmont.example", aliases: [] },
    ...{ kind: "city", name: "Valmont", handle: "valmont", tagline: "Au bord de l’eau" },
    ...{ language: "fr", timezone: "Europe/Paris", hue: 195, state: "active" },
    ...{ setUpTokenHash: null, createdAt: new Date("2026-01-01T00:00:00Z") },
  });
}

/** The same city, once its administrators have presented it. */
export function aPresentedInstance(): Instance {
  return instanceOf({
    ...anInstance(),
    profile: {
      description: "La ville de **Valmont** parle avec ses habitants.\n\nÉcrivez-nous.",
      fields: [
        { label: "Site", value: "https://www.valmont.example/mairie" },
        { label: "Téléphone", value: "01 23 45 67 89" },
      ],
      ...{ contact: "mairie@valmont.example", attributionDomains: ["blog.example"] },
      ...{ logo: `${"a".repeat(64)}.png`, banner: `${"b".repeat(64)}.jpg`, version: 1 },
    },
  });
}

/** What nobody has answered yet. */
export const silence: Echo = {
  ...{ replies: 0, likes: 0, shares: 0 },
  first: { items: [], prev: null, next: null },
};

/** A proposal with all that its Note tells. */
export function aProposalInPublic(change: Partial<ProposalInPublic> = {}): ProposalInPublic {
  return {
    instance: anInstance(),
    answerers: { answeredBy: ["https://valmont.example/actor"], answerers: null },
    proposal: {
      ...{ _id: "pr1", number: 42, uri: "https://valmont.example/proposals/42", origin: "here" },
      title: "Des arbres <devant> l’école",
      ...{ body: "Plantons des tilleuls.", html: "<p>Plantons des tilleuls.</p>" },
      topicId: "t1",
      place: { name: "École Jean-Moulin", latitude: 45.2, longitude: 4.1 },
      ...{ authorId: "pe1", elsewhere: null, status: "open", warmth: 1, version: 1, terms: [] },
      counts: {
        ...{ supportsHere: 2, supportsElsewhere: 1, supportsBefore: 0, supports: 3, comments: 4 },
      },
      publishedAt: new Date("2026-03-02T08:00:00Z"),
      movedAt: new Date("2026-03-02T08:00:00Z"),
      ...{ editedAt: null, withdrawnAt: null, importKey: null },
    },
    author: {
      ...{ _id: "pe1", origin: "here", name: "Camille", handle: "kfw2", federated: true },
      uri: "https://valmont.example/people/kfw2",
      ...{ url: "/people/kfw2", host: null, about: "", erasedAt: null },
      createdAt: new Date("2026-02-01T00:00:00Z"),
    },
    topic: {
      ...{ _id: "t1", slug: "nature", name: "Espaces verts", description: "", position: 1 },
      ...{ proposalCount: 1, createdAt: new Date("2026-01-01T00:00:00Z") },
    },
    response: null,
    echo: {
      ...{ replies: 4, likes: 3, shares: 5 },
      first: {
        items: ["https://elsewhere.example/notes/1", "https://valmont.example/comments/c1"],
        ...{ prev: null, next: "c1" },
      },
    },
    ...change,
  };
}
