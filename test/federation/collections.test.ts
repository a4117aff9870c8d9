import { expect } from "chai";
import {
  commentByUri,
  commentsCollection,
  publishComment,
} from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { editResponse, publishResponse } from "../../src/features/responses/answering.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { closePeers } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

interface Collection {
  readonly id: string;
  readonly type: string;
  readonly totalItems: number;
  readonly first?: Page;
}

interface Page {
  readonly id: string;
  readonly type: string;
  readonly partOf: string;
  readonly next?: string;
  readonly prev?: string;
  readonly items?: string[];
  readonly orderedItems?: string[];
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url, { headers: { accept: "application/activity+json" } });
  expect(answer.status, url).to.equal(200);
  return (await answer.json()) as T;
}

const itemsOf = (page: Page | undefined): string[] => page?.items ?? page?.orderedItems ?? [];

/** Somebody who is on the network, and says something there. */
async function said({ town, proposal }: Scene, parentId: string | null = null) {
  const citizen = await town.newcomer("Ouverte");
  const person = await consentToNetwork(citizen);
  const under = { proposalId: proposal._id, parentId };
  const comment = await publishComment(citizen, { ...under, body: "Oui." });
  await town.settle();
  return { citizen, person, comment };
}

async function answered({ town, proposal }: Scene) {
  const mayor = await town.newcomer("Adjointe", "official");
  const response = await publishResponse(mayor, {
    ...{ proposalId: proposal._id, office: "Voirie", decision: "accepted", body: "D’accord." },
    milestones: [],
  });
  await town.settle();
  return { mayor, response };
}

describe("a collection", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is read page by page, forwards and back, nothing twice and nothing left out", async () => {
    const scene = await aScene();
    const { town, proposal } = scene;
    const { comment } = await said(scene);
    const copies = Array.from({ length: 46 }, () => {
      const _id = town.visitor.ids.next();
      return { ...comment, _id, uri: `${town.origin}/comments/${_id}` };
    });
    await town.visitor.collection(commentsCollection).insertMany(copies);
    await town.visitor
      .collection(proposalsCollection)
      .updateOne({ _id: proposal._id }, { $set: { "counts.comments": 47 } });
    for (const url of [`${proposal.uri}/replies`, `${proposal.uri}/context`]) {
      const collection = await read<Collection>(url);
      const pages = [collection.first as Page];
      for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
        pages.push(await read<Page>(next));
      }
      const all = pages.flatMap(itemsOf);
      expect(new Set(all).size).to.equal(all.length);
      expect(all).to.have.length(collection.totalItems);
      expect(pages).to.have.length(3);
      for (const [at, page] of pages.entries()) {
        expect(page.partOf).to.equal(collection.id);
        expect(itemsOf(await read<Page>(page.id))).to.deep.equal(itemsOf(page));
        expect(page.prev).to.equal(pages[at - 1]?.id);
      }
    }
  });

  it("of a person's posts is paged the same way", async () => {
    const scene = await aScene();
    const { citizen, person } = await said(scene);
    for (let at = 0; at < 21; at += 1) {
      const under = { proposalId: scene.proposal._id, parentId: null };
      await publishComment(citizen, { ...under, body: `Remarque ${at}` });
      scene.town.clock.advance(30_000);
    }
    await scene.town.settle();

    const outbox = await read<Collection>(`${person.uri}/outbox`);
    const second = await read<Page>(outbox.first?.next ?? "");

    expect(outbox.totalItems).to.equal(22);
    expect([itemsOf(outbox.first).length, itemsOf(second).length]).to.deep.equal([20, 2]);
    expect(second.prev).to.equal(outbox.first?.id);
  });

  it("stands in every Note with its figure, and its first page where it is of replies", async () => {
    const scene = await aScene();
    const { alice, evil, peer, town, tell } = scene;
    const { comment } = await said(scene);
    const { response } = await answered(scene);
    const uris = [comment.uri, response.uri];
    await tell(alice, "Follow", `${town.origin}/actor`);
    for (const uri of uris) {
      await tell(alice, "Like", uri);
      await tell(alice, "Like", uri);
      await tell(evil, "Like", uri);
      await tell(evil, "Announce", uri);
      await tell(alice, "Create", peer.note(alice, { inReplyTo: uri }));
    }

    for (const uri of uris) {
      const note = await read<Record<string, Collection>>(uri);
      const figures = ["replies", "likes", "shares"].map((name) => note[name]?.totalItems);
      expect(figures, uri).to.deep.equal([1, 2, 1]);
      for (const name of ["replies", "likes", "shares"]) {
        const { id, totalItems } = note[name] as Collection;
        expect((await read<Collection>(id)).totalItems).to.equal(totalItems);
      }
      const [reply = ""] = itemsOf(note["replies"]?.first);
      expect((await commentByUri(town.visitor, reply))?.origin).to.equal("elsewhere");
    }

    await tell(alice, "Undo", { type: "Like", actor: alice.uri, object: comment.uri });
    await tell(evil, "Undo", { type: "Announce", actor: evil.uri, object: comment.uri });
    const after = await read<Record<string, Collection>>(comment.uri);
    expect([after["likes"]?.totalItems, after["shares"]?.totalItems]).to.deep.equal([1, 0]);
  });

  it("tells nobody who follows, likes or boosts", async () => {
    const scene = await aScene();
    const { alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    await tell(alice, "Like", proposal.uri);
    await tell(alice, "Announce", proposal.uri);

    for (const path of ["/actor/followers", "/likes", "/shares"]) {
      const url = proposal.uri + path;
      const answer = await fetch(url, { headers: { accept: "application/activity+json" } });
      const text = await answer.text();
      expect((JSON.parse(text) as Collection).totalItems, path).to.equal(1);
      expect(text).to.not.contain(alice.uri);
    }
  });

  it("lists the news about a proposal among its answers, in its discussion and in its Note", async () => {
    const scene = await aScene();
    const { town, proposal } = scene;
    const { comment } = await said(scene);
    const { mayor, response } = await answered(scene);
    await editResponse(mayor, response._id, {
      ...{ office: "Voirie", decision: "declined", body: "Finalement non.", milestones: [] },
      editedAt: null,
    });
    await town.settle();
    const outbox = await read<Collection>(`${proposal.uri}/actor/outbox`);
    const news = itemsOf(outbox.first)
      .map((one) => (one as unknown as { object: { id?: string } }).object.id ?? "")
      .filter((id) => id.includes("/notes/"));
    expect(news).to.have.length(1);

    const replies = await read<Collection>(`${proposal.uri}/replies`);
    const context = await read<Collection>(`${proposal.uri}/context`);
    const note = await read<{ replies: Collection }>(proposal.uri);

    const answers = itemsOf(replies.first);
    expect(answers).to.deep.equal([response.uri, ...news, comment.uri]);
    expect(replies.totalItems).to.equal(3);
    expect(itemsOf(context.first)).to.deep.equal([proposal.uri, ...answers]);
    expect(itemsOf(note.replies.first)).to.deep.equal(answers);
  });

  it("makes a reply to the news about a proposal a comment of that proposal", async () => {
    const scene = await aScene();
    const { alice, peer, proposal, town, tell } = scene;
    const { mayor, response } = await answered(scene);
    await editResponse(mayor, response._id, {
      ...{ office: "Voirie", decision: "declined", body: "Finalement non.", milestones: [] },
      editedAt: null,
    });
    await town.settle();
    const outbox = await read<Collection>(`${proposal.uri}/actor/outbox`);
    const told = itemsOf(outbox.first) as unknown as Array<{ object: { id?: string } }>;
    const news = told.map(({ object }) => object.id ?? "").find((id) => id.includes("/notes/"));
    const note = peer.note(alice, { inReplyTo: news });

    await tell(alice, "Create", note);

    const comment = await commentByUri(town.visitor, note["id"] as string);
    expect(comment?.proposalId).to.equal(proposal._id);
  });
});
