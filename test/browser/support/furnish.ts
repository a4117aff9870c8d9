import { createAccount } from "../../../src/features/accounts/accounts.js";
import { publishComment } from "../../../src/features/comments/comments.js";
import { follow } from "../../../src/features/follows/follows.js";
import { importProposals } from "../../../src/features/imports/imports.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import {
  editProposal,
  publishProposal,
  withdrawProposal,
} from "../../../src/features/proposals/publishing.js";
import { proposalByNumber } from "../../../src/features/proposals/proposals.js";
import { publishResponse, reachMilestone } from "../../../src/features/responses/answering.js";
import { defaultTopics, topics } from "../../../src/features/topics/topics.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import type { Ctx, Member, Role } from "../../../src/kit/index.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { moderate, type ModeratedPlaces } from "./moderated.js";
import { operate } from "./operated.js";
import type { Town } from "./town.js";
import { wishes } from "./valmont.js";
import { names, remarks, talk } from "./voices.js";

/** What everybody of the furnished town signs in with. */
export const password = "le canal gèle rarement";

/** Where the noteworthy pages of a furnished town are. */
export interface Places extends ModeratedPlaces {
  readonly mails: Readonly<Record<"citizen" | "official" | "moderator" | "admin", string>>;
  readonly answered: string;
  readonly declined: string;
  readonly open: string;
  readonly withdrawn: string;
  readonly edited: string;
  readonly unbroken: string;
  readonly long: string;
  readonly linked: string;
  readonly response: string;
  readonly topic: string;
  readonly person: string;
  /** A proposal of the citizen, to be edited and withdrawn. */
  readonly own: string;
}

const day = 86_400_000;

/** Open the town: topics, members of each role, and what they wrote, said, supported and answered. */
export async function furnish(town: Town): Promise<Places> {
  const { app } = town;
  const found = await app.instances.byHost(new URL(town.origin).hostname);
  if (found === null) throw new Error("The first start makes an instance.");
  const instance = await app.instances.update(found._id, {
    ...{ state: "active", name: "Valmont", handle: "valmont", setUpTokenHash: null },
    tagline: "Les habitants proposent, la mairie répond, et chacun voit ce qui avance.",
  });
  if (instance === null) throw new Error("Nobody else changes the instance.");
  const nobody = app.contexts({ instance, member: null, language: "fr" });
  await defaultTopics(nobody);
  const signUp = async (name: string, mail: string, ...roles: Role[]): Promise<Ctx> => {
    const input = { name, mail, password, confirmed: true };
    const all: Role[] = ["citizen", ...roles];
    const account = await createAccount(nobody, { ...input, roles: all });
    const member: Member = { _id: account._id, name, roles: all, language: "fr" };
    return app.contexts({ instance, member, language: "fr" });
  };
  const mails = {
    citizen: "camille@example.org",
    official: "urbanisme@example.org",
    moderator: "moderation@example.org",
    admin: "mairie@example.org",
  };
  const citizen = await signUp("Camille Royer", mails.citizen);
  const official = await signUp("Service urbanisme", mails.official, "official");
  const moderator = await signUp("Noa Vidal", mails.moderator, "moderator");
  const admin = await signUp("Mairie de Valmont", mails.admin, "official", "moderator", "admin");
  const now = nobody.clock.now().getTime();
  await importProposals(nobody, lines(now), { source: "valmont" });
  await nameParticipants(nobody);
  const { own, edited } = await ownProposals(citizen);
  const answered = await numbered(nobody, 1);
  await follow(citizen, "proposal", answered._id);
  await giveSupport(citizen, answered);
  const response = await answer(official, answered);
  const withdrawn = await withdrawnOne(citizen);
  const unbroken = await unbrokenOne(citizen);
  const linked = await linkedOne(nobody, now);
  const moderated = await moderate(
    { nobody, citizen, official, moderator },
    await numbered(nobody, 8),
  );
  await town.settle();
  await operate(town, nobody, admin.member?._id ?? "");
  return {
    mails,
    ...moderated,
    ...{ answered: "/proposals/1", declined: "/proposals/6", open: "/proposals/7" },
    ...{ withdrawn, unbroken, own, edited, linked: `/proposals/linked/${linked._id}` },
    ...{ long: "/proposals/5", response: `/responses/${response}` },
    ...{ topic: "/topics/nature", person: await handleOf(nobody, citizen) },
  };
}

async function* lines(now: number): AsyncIterable<string> {
  let id = 1;
  for (const [index, [title, topic, place, supports, body]] of wishes.entries()) {
    const createdAt = new Date(now - (index === 0 ? 96 : 4 + index * 5) * day - index * 3_700_000);
    const at = (share: number): string =>
      new Date(createdAt.getTime() + share * (now - createdAt.getTime()) * 0.8).toISOString();
    const said = index === 0 ? talk : chatter(index);
    const first = id;
    const comments = said.map(([who, parent, words], turn) => ({
      id: id++,
      parent: parent === null ? null : first + parent,
      author: `citizen-${who}`,
      body: `<p>${words}</p>`,
      createdAt: at((turn + 1) / (said.length + 1)),
    }));
    yield JSON.stringify({
      ...{ code: `V-${index}`, title, body, subcategory: topic, district: place, supports },
      ...{ createdAt: createdAt.toISOString(), author: `citizen-${(index % 20) + 8}`, comments },
      status: index === 5 ? "rejected" : [11, 19, 26].includes(index) ? "accepted" : null,
    });
  }
}

type Said = readonly [who: number, parent: number | null, words: string];

/** A few words under most; under the fifth, a hundred and forty with answers to answers. */
function chatter(index: number): Said[] {
  const count = index === 4 ? 140 : index % 6;
  return Array.from({ length: count }, (_, turn): Said => {
    const answers = turn % 4 === 1 || turn % 8 === 2;
    const words = remarks[(turn + index) % remarks.length] ?? "";
    return [((turn * 7 + index) % 27) + 1, answers ? turn - 1 : null, words];
  });
}

async function nameParticipants(ctx: Ctx): Promise<void> {
  const people = ctx.collection(peopleCollection);
  const all = await people.find({ origin: "here", handle: { $gte: "i_", $lt: "i`" } }).toArray();
  for (const { _id, handle } of all) {
    const number = Number(/citizen_(\d+)/.exec(handle)?.[1] ?? 0);
    const name = names[number % names.length] ?? "Sasha";
    await people.updateOne({ _id }, { $set: { name } });
  }
}

async function numbered(ctx: Ctx, number: number): Promise<Proposal> {
  const proposal = await proposalByNumber(ctx, number);
  if (proposal === null) throw new Error(`There is no proposal ${number}.`);
  return proposal;
}

async function ownProposals(citizen: Ctx): Promise<Pick<Places, "own" | "edited">> {
  const [first] = await topics(citizen);
  const topicId = first?._id ?? null;
  const body = "Le passage devant la crèche n’a plus de marquage. On ne voit plus rien la nuit.";
  const place = { name: "Rue des Tanneurs", latitude: null, longitude: null };
  const title = "Repeindre le passage piéton de la crèche";
  const made = await publishProposal(citizen, { title, body, topicId, place });
  const later = `${body} La peinture de l’an dernier est partie en un hiver.`;
  const { number, version } = made;
  await editProposal(citizen, number ?? 0, {
    ...{ title: `${title} et l’éclairer`, body: later, topicId, place, version },
  });
  return { own: `/proposals/${number}`, edited: `/proposals/${number}/history` };
}

async function answer(official: Ctx, proposal: Proposal): Promise<string> {
  const dueIn = (days: number): string =>
    new Date(official.clock.now().getTime() + days * day).toISOString().slice(0, 10);
  const { _id, milestones } = await publishResponse(official, {
    proposalId: proposal._id,
    office: "Service des espaces verts",
    decision: "planned",
    body: "Merci pour cette proposition très complète. Le conseil municipal l’a inscrite au budget : **dix arbres** seront plantés au sud de la halle, en mélangeant tilleuls et micocouliers comme vous l’avez suggéré.\n\nDeux emplacements restent libres pour les camions du marché. La pompe de la fontaine est commandée.",
    milestones: [
      { title: "Relevé des réseaux sous la place", due: dueIn(-20) },
      { title: "Remise en eau de la fontaine", due: dueIn(45) },
      { title: "Plantation des dix arbres", due: dueIn(120) },
    ],
  });
  await reachMilestone(official, _id, milestones[0]?._id ?? "");
  await publishComment(official, {
    proposalId: proposal._id,
    parentId: null,
    body: "Le plan de plantation est affiché sous la halle jusqu’à la fin du mois. Passez nous voir le mercredi matin.",
  });
  return _id;
}

async function withdrawnOne(citizen: Ctx): Promise<string> {
  const [topic] = await topics(citizen);
  const { number } = await publishProposal(citizen, {
    title: "Fermer la rue Basse le samedi après-midi",
    body: "Finalement, les commerçants ont trouvé un autre arrangement entre eux.",
    ...{ topicId: topic?._id ?? null, place: null },
  });
  await withdrawProposal(citizen, number ?? 0);
  return `/proposals/${number}`;
}

async function unbrokenOne(citizen: Ctx): Promise<string> {
  const [, topic] = await topics(citizen);
  const word = "Hottentottenpotentatentantenattentat".repeat(3);
  const made = await publishProposal(citizen, {
    title: word,
    body: `Voir https://example.org/${word}${word}\n\n\`${word}${word}\``,
    topicId: topic?._id ?? null,
    place: { name: word, latitude: null, longitude: null },
  });
  const said = { proposalId: made._id, body: `${word}${word}` };
  const first = await publishComment(citizen, { ...said, parentId: null });
  const second = await publishComment(citizen, { ...said, parentId: first._id });
  await publishComment(citizen, { ...said, parentId: second._id });
  return `/proposals/${made.number}`;
}

async function linkedOne(ctx: Ctx, now: number): Promise<Proposal> {
  const origin = "https://amis-du-canal.example";
  const html = "<p>Les écluses ont besoin de bras : deux journées par an suffiraient.</p>";
  return receiveProposal(ctx, {
    ...{ uri: `${origin}/proposals/12`, title: "Deux journées de bénévoles sur les écluses" },
    ...{ html, text: "Les écluses ont besoin de bras : deux journées par an suffiraient." },
    place: null,
    elsewhere: {
      ...{ host: "amis-du-canal.example", instanceName: "Les Amis du canal" },
      actorUri: `${origin}/proposals/12/actor`,
      ...{ authorName: "Bureau de l’association", number: 12, url: `${origin}/proposals/12` },
      ...{ of: "association", answeredBy: [`${origin}/actor`] },
    },
    ...{ publishedAt: new Date(now - 6 * day), status: "open" },
    counts: { supports: 31, comments: 0 },
  });
}

async function handleOf(ctx: Ctx, { member }: Ctx): Promise<string> {
  const person = await ctx.collection(peopleCollection).findOne({ _id: member?._id ?? "" });
  return person?.url ?? "";
}
