import fc from "fast-check";
import type { FuzzScene } from "./fuzz-scene.js";
import { edits, mutated, type Edit } from "./mutations.js";
import type { Attester } from "./relay.js";

type Body = Record<string, unknown>;
interface Draft {
  readonly by: Attester;
  readonly type: string;
  readonly object: unknown;
}

const AS = "https://www.w3.org/ns/activitystreams";

/** Every kind of activity that is taken, as honest servers send it. */
const drafts: ReadonlyArray<(scene: FuzzScene, serial: number) => Draft> = [
  ({ alice, town }) => ({ by: alice, type: "Follow", object: `${town.origin}/actor` }),
  ({ alice, proposal }) => ({ by: alice, type: "Follow", object: `${proposal.uri}/actor` }),
  ({ alice, proposal }) => ({ by: alice, type: "Like", object: proposal.uri }),
  ({ alice, proposal }) => ({ by: alice, type: "Announce", object: proposal.uri }),
  (scene, at) => ({ by: scene.hall, type: "Announce", object: proposalNote(scene, at)["id"] }),
  ({ alice, home, proposal }, at) => ({
    ...{ by: alice, type: "Undo" },
    object: { id: `${home.origin}/acts/${at - 3}`, type: "Like", object: proposal.uri },
  }),
  ({ alice, home }, at) => ({ by: alice, type: "Undo", object: `${home.origin}/acts/${at - 5}` }),
  (scene, at) => ({ by: scene.alice, type: "Create", object: reply(scene, at) }),
  (scene, at) => ({ by: scene.alice, type: "Create", object: reply(scene, at) }),
  (scene, at) => ({ by: scene.alice, type: "Update", object: reply(scene, at - 9) }),
  (scene, at) => ({ by: scene.alice, type: "Delete", object: reply(scene, at - 19)["id"] }),
  (scene, at) => ({
    ...{ by: scene.alice, type: "Delete" },
    object: { id: reply(scene, at - 29)["id"], type: "Tombstone" },
  }),
  ({ alice }) => ({ by: alice, type: "Update", object: alice.document }),
  (scene, at) => ({ by: scene.idea, type: "Create", object: proposalNote(scene, at) }),
  (scene, at) => ({ by: scene.idea, type: "Update", object: proposalNote(scene, at - 4) }),
  (scene, at) => ({ by: scene.idea, type: "Delete", object: proposalNote(scene, at - 50)["id"] }),
  (scene, at) => ({ by: scene.hall, type: "Create", object: responseNote(scene, at) }),
  (scene, at) => ({ by: scene.hall, type: "Update", object: responseNote(scene, at - 3) }),
  ({ hall, town }) => ({ by: hall, type: "Accept", object: `${town.origin}/activities/f` }),
  ({ alice, town }) => ({ by: alice, type: "Reject", object: `${town.origin}/activities/f` }),
  ({ alice, proposal }) => ({ by: alice, type: "Flag", object: [proposal.uri] }),
  ({ alice, home }) => ({ by: alice, type: "Move", object: `${home.origin}/users/new` }),
  ({ alice, town }) => ({ by: alice, type: "Block", object: `${town.origin}/actor` }),
  ({ alice, proposal }) => ({ by: alice, type: "QuoteRequest", object: proposal.uri }),
  ({ alice, home }) => ({ by: alice, type: "Add", object: `${home.origin}/kept/1` }),
  (scene, at) => ({ by: scene.alice, type: "Create", object: reply(scene, at)["id"] }),
  (scene, at) => ({
    ...{ by: scene.alice, type: "Create" },
    object: {
      ...reply(scene, at),
      ...{ inReplyTo: `${scene.liar.origin}/x/${at}`, cc: [`${scene.town.origin}/actor`] },
    },
  }),
];

function reply({ alice, home, proposal, commentUri }: FuzzScene, at: number): Body {
  return {
    ...{ id: `${home.origin}/kept/${at % 40}`, type: "Note", attributedTo: alice.uri },
    inReplyTo: at % 3 === 0 ? commentUri : proposal.uri,
    ...{ content: "<p>Bonne idée.</p>", contentMap: { fr: "<p>Bonne idée.</p>" } },
    ...{ published: "2026-03-01T10:00:00Z", updated: "2026-03-02T07:00:00Z", sensitive: false },
    ...{ to: [`${AS}#Public`], cc: [`${alice.uri}/followers`], url: `${home.origin}/@a/${at}` },
    tag: [{ type: "Mention", href: `${proposal.uri}/actor`, name: "@p1" }],
    replies: { id: `${home.origin}/kept/${at}/replies`, type: "Collection", first: { items: [] } },
  };
}

function proposalNote({ idea, hall, linked }: FuzzScene, at: number): Body {
  return {
    ...{ id: `${linked.origin}/proposals/${at % 60}`, type: "Note", attributedTo: idea.uri },
    ...{ content: "<h1>Un banc</h1>", to: [`${AS}#Public`], published: "2026-03-01T10:00:00Z" },
    location: { type: "Place", name: "La place", latitude: 45.1, longitude: 4.2 },
    civic: {
      ...{ kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>" },
      ...{ status: "open", author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
      ...{ of: "city", answeredBy: [hall.uri] },
    },
  };
}

function responseNote({ hall, linked }: FuzzScene, at: number): Body {
  return {
    ...{ id: `${linked.origin}/responses/${at % 20}`, type: "Note", attributedTo: hall.uri },
    ...{ inReplyTo: `${linked.origin}/proposals/${at % 60}`, to: [`${AS}#Public`] },
    content: "<p>Oui.</p>",
    civic: {
      ...{ kind: "response", office: "Voirie", decision: "planned", text: "<p>Oui.</p>" },
      milestones: [{ id: "m1", title: "Début", due: "2026-05-01", doneAt: null }],
    },
  };
}

const contexts: readonly unknown[] = [
  AS,
  [AS, { toot: "http://joinmastodon.org/ns#" }],
  [AS, "https://evil.example/context"],
  [AS, { actor: "https://evil.example/author" }],
  [AS, { "@base": "https://evil.example/", "@vocab": "x" }],
  { "@language": 5, x: null },
  null,
  5,
];

/** Documents that others may come to ask for: what is known by its address is odd, too. */
export function oddDocuments(scene: FuzzScene, all: readonly Mutant[], serial: number): void {
  const { home, linked, liar, pool } = scene;
  const odd = all.slice(0, 12).map(({ changes }, at) => ({
    note: mutated(reply(scene, serial + at), changes, pool),
    idea: mutated(proposalNote(scene, serial + at), changes, pool),
  }));
  liar.documents = odd.map(({ note }) => note);
  odd.forEach(({ note, idea }, at) => {
    home.documents.set(`/kept/${(serial + at) % 40}`, note);
    linked.documents.set(`/proposals/${(serial + at) % 60}`, idea);
  });
}

/** A mutated activity, before it is known whose it is. */
export interface Mutant {
  readonly draft: number;
  readonly changes: readonly Edit[];
  /** Keep id, type and actor, so that it comes past the door. */
  readonly keepsHead: boolean;
  /** 0 to 3: as honest servers write it; 4 and more: odd. */
  readonly context: number;
  /** Sent a second time as well. */
  readonly twice: boolean;
  /** Brought by the linked city instead of by its actor. */
  readonly forwarded: boolean;
}

/** Any of them. */
export const mutants: fc.Arbitrary<Mutant> = fc.record(
  {
    draft: fc.nat(drafts.length - 1),
    changes: fc.array(edits, { minLength: 1, maxLength: 4 }),
    keepsHead: fc.nat(3).map((one) => one > 0),
    context: fc.nat(contexts.length + 3),
    twice: fc.nat(9).map((one) => one === 0),
    forwarded: fc.nat(9).map((one) => one === 0),
  },
  { noNullPrototype: true },
);

/** The activity to be sent, and by whom. */
export function activityOf(scene: FuzzScene, mutant: Mutant, serial: number) {
  const draft = drafts[mutant.draft]?.(scene, serial);
  if (draft === undefined) throw new Error("there is no such draft");
  const { by, type, object } = draft;
  const origin = by === scene.alice ? scene.home.origin : scene.linked.origin;
  const head = { id: `${origin}/acts/${serial}`, type, actor: by.uri };
  const honest = { "@context": contexts[Math.max(0, mutant.context - 4)], ...head, object };
  const changed = mutated(honest, mutant.changes, scene.pool);
  const activity = mutant.keepsHead ? { ...changed, ...head } : changed;
  return { by: mutant.forwarded ? scene.hall : by, activity };
}
