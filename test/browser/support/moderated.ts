import { publishComment } from "../../../src/features/comments/comments.js";
import { wordingOf } from "../../../src/features/comments/handling.js";
import type { Comment } from "../../../src/features/comments/comment.js";
import { receiveComment } from "../../../src/features/comments/receiving.js";
import type { Provenance } from "../../../src/features/comments/verdict.js";
import { ruleOnComment, type Ruling } from "../../../src/features/moderation/deciding.js";
import { receiveReport, reportSubject } from "../../../src/features/moderation/reports.js";
import { receivePerson } from "../../../src/features/people/people.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { mostNew } from "../../../src/features/supports/bursts.js";
import { receiveSupport } from "../../../src/features/supports/supports.js";
import type { Ctx } from "../../../src/kit/index.js";

/** Who takes part. */
export interface Cast {
  readonly nobody: Ctx;
  readonly citizen: Ctx;
  readonly official: Ctx;
  readonly moderator: Ctx;
}

/** Where the pages for moderators are that need an id. */
export interface ModeratedPlaces {
  readonly heldComment: string;
  readonly shownComment: string;
  readonly hiddenComment: string;
  readonly refusedComment: string;
  readonly reportOfComment: string;
}

const word = "Rindfleischetikettierungsüberwachung".repeat(3);

type Line = readonly [who: string, text: string, from?: Partial<Provenance>];

const waiting: readonly Line[] = [
  [
    "Lucie Bardet",
    "Bonjour, j’habite la commune voisine et je passe par cette place chaque matin. À quelle date l’enquête se termine-t-elle ?",
  ],
  [
    "Théo",
    "À Grenoble, les arbres plantés en bac ont tenu deux étés. En pleine terre, ils sont magnifiques.",
    { accountAgeMs: 3 * 86_400_000 },
  ],
  [
    "veille-budget",
    "Ce sujet est cité dans trois délibérations.",
    { isAutomated: true, mentions: 7 },
  ],
  [word.slice(0, 90), `${word} https://example.org/${word}`, { isLimitedHost: true }],
];

/** Fill the pages of moderators: what waits, what was refused, what is reported, what was decided. */
export async function moderate(cast: Cast, proposal: Proposal): Promise<ModeratedPlaces> {
  const { nobody, citizen, official, moderator } = cast;
  const said: Comment[] = [];
  for (const line of waiting) said.push(await say(nobody, proposal, line));
  for (let n = 1; n <= 22; n += 1) {
    await say(nobody, proposal, [
      `Passante ${n}`,
      `Je soutiens l’idée, et je la ferais suivre (${n}).`,
    ]);
  }
  const spam = await say(nobody, proposal, ["Prêts faciles", "Crédit immédiat, sans question !"]);
  await rule(moderator, spam, "block", "Le même message sous six propositions.");
  const refused = await say(nobody, proposal, ["Curieux", "Et sinon, qui a vu le match d’hier ?"]);
  await rule(moderator, refused, "refuse", "");
  const welcome = await say(nobody, proposal, [
    "Inès Carpentier",
    "Merci de nous lire, même d’ici.",
  ]);
  await rule(moderator, welcome, "release", "");
  const words = { proposalId: proposal._id, parentId: null };
  const rude = await publishComment(citizen, {
    ...words,
    body: "Ceux d’en face sont des incapables.",
  });
  await rule(moderator, rude, "hide", "Critiquer l’idée, oui ; insulter les personnes, non.");
  const shown = await publishComment(citizen, {
    ...words,
    body: "Le voisin du 12 fait trop de bruit.",
  });
  await report(cast, shown, proposal);
  await reportSubject(official, {
    ...{ subject: { kind: "comment", id: welcome._id }, why: "off-topic" },
    words: "",
  });
  await supports(nobody, proposal);
  const one = (comment: Comment | undefined): string =>
    `/admin/moderation/comments/${comment?._id}`;
  return {
    ...{ heldComment: one(said[2]), shownComment: one(shown), hiddenComment: one(rude) },
    ...{ refusedComment: one(refused), reportOfComment: `/comments/${welcome._id}/report` },
  };
}

function remote(ctx: Ctx, name: string) {
  const who = name
    .normalize("NFD")
    .replace(/[^a-zA-Z0-9]+/gu, "_")
    .toLowerCase();
  return receivePerson(ctx, {
    ...{ uri: `https://social.example/users/${who}`, name, about: "", host: "social.example" },
    ...{ handle: `${who}@social.example`, url: `https://social.example/@${who}` },
  });
}

async function say(ctx: Ctx, { _id }: Proposal, [name, text, from = {}]: Line): Promise<Comment> {
  const person = await remote(ctx, name);
  return receiveComment(ctx, {
    ...{ uri: `https://social.example/notes/${ctx.ids.next()}`, proposalId: _id, parentId: null },
    ...{ personId: person._id, text, html: `<p>${text}</p>`, publishedAt: ctx.clock.now() },
    from: {
      ...{ host: "social.example", site: "social.example", isPublic: true, mentions: 0 },
      ...{ isLinked: false, follows: false },
      ...{ accountAgeMs: null, isAutomated: false, isLimitedHost: false },
      ...from,
    },
  });
}

function rule(ctx: Ctx, comment: Comment, act: Ruling["act"], note: string): Promise<Comment> {
  const why = act === "release" ? null : act === "hide" ? "abuse" : "spam";
  return ruleOnComment(ctx, comment._id, { act, why, note, wording: wordingOf(comment) });
}

async function report({ nobody, official }: Cast, shown: Comment, proposal: Proposal) {
  const subject = { kind: "comment", id: shown._id } as const;
  const words = "Il nomme quelqu’un qui n’a rien demandé, avec son adresse.";
  await reportSubject(official, { subject, why: "personal-data", words });
  await receiveReport(nobody, {
    ...{ subject: { kind: "proposal", id: proposal._id }, why: "other" },
    words: "Nos habitants nous signalent un lien qui ne mène plus nulle part.",
    ...{ actorUri: "https://social.example/actor", host: "social.example", site: "social.example" },
  });
}

async function supports(ctx: Ctx, { _id: proposalId }: Proposal): Promise<void> {
  const [friend, bot] = [await remote(ctx, "Inès Carpentier"), await remote(ctx, "veille-budget")];
  await receiveSupport(ctx, { proposalId, personId: friend._id });
  await receiveSupport(
    ctx,
    { proposalId, personId: bot._id },
    { isAutomated: true, limitedHost: null, site: null },
  );
  const shy = await remote(ctx, "Rosa Lindqvist");
  const limited = { isAutomated: false, limitedHost: "social.example", site: null };
  await receiveSupport(ctx, { proposalId, personId: shy._id }, limited);
  for (let n = 1; n <= mostNew + 3; n += 1) {
    const { _id: personId } = await remote(ctx, `Arrivée ${n}`);
    const many = { isAutomated: false, limitedHost: null, site: "social.example" };
    await receiveSupport(ctx, { proposalId, personId }, many);
  }
}
