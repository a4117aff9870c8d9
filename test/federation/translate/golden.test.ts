import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { actorDocument } from "../../../src/federation/translate/actor.js";
import { commentNote } from "../../../src/federation/translate/comment.js";
import { proposalNote } from "../../../src/federation/translate/proposal.js";
import { responseNote } from "../../../src/federation/translate/response.js";
import { withContext, type As2 } from "../../../src/federation/vocabulary.js";
import type { Response } from "../../../src/features/responses/response.js";
import { statusOf } from "../lens/status.js";
import { aPresentedInstance, aProposalInPublic, anInstance, silence } from "../support/public.js";

const told = aProposalInPublic();
const pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
const keys = {
  publicKeyPem: pem,
  publicKeyMultibase: "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
  generation: 1,
};

const response: Response = {
  ...{ _id: "r1", uri: "https://valmont.example/responses/r1", proposalId: "pr1" },
  ...{ office: "Espaces verts", authorId: "o1", decision: "planned", body: "Oui." },
  html: "<p>Nous planterons <strong>douze tilleuls</strong>.</p>",
  milestones: [{ _id: "m1", title: "Étude des sols", due: "2026-05-01", doneAt: null }],
  ...{ publishedAt: new Date("2026-03-10T09:00:00Z"), editedAt: null },
};

const presented = {
  ...{ about: "J’habite <ici>.", discoverable: true, indexable: true },
  fields: [
    { label: "Site", value: "https://camille.example/" },
    { label: "Quartier", value: "Gare & port" },
  ],
};

const bare = { keys, topics: [] };
const about = { keys, topics: [told.topic as never] };

/** Every kind of document that we send, as the golden files hold them. */
const documents: Readonly<Record<string, As2>> = {
  proposal: proposalNote(told),
  "proposal-by-former-member": proposalNote({
    ...told,
    ...{ author: null, topic: null, response },
    proposal: { ...told.proposal, place: null, status: "planned" },
  }),
  response: responseNote({
    ...{ instance: anInstance(), response, proposal: told.proposal },
    echo: { ...silence, likes: 2, shares: 1 },
  }),
  comment: commentNote({
    instance: anInstance(),
    comment: {
      ...{ _id: "c1", uri: "https://valmont.example/comments/c1", proposalId: "pr1" },
      ...{ parentId: null, rootId: "c1", depth: 0, authorId: "pe1", origin: "here" },
      ...{ body: "Oui.", html: "<p>Oui.</p>", state: "shown", importKey: null },
      ...{ publishedAt: new Date("2026-03-03T09:00:00Z"), editedAt: null },
    },
    author: { ...told.author, uri: "https://valmont.example/people/kfw2" } as never,
    inReplyTo: told.proposal.uri,
    told: [{ uri: `${told.proposal.uri}/actor`, handle: "p42@valmont.example" }],
    followers: [`${told.proposal.uri}/actor/followers`],
    ...{ proposalUri: told.proposal.uri, echo: { ...silence, likes: 1 } },
  }),
  city: actorDocument(anInstance(), { kind: "city" }, about),
  "city-presented": actorDocument(aPresentedInstance(), { kind: "city" }, bare),
  "person-presented": actorDocument(
    anInstance(),
    { kind: "person", person: { ...told.author, ...presented } as never },
    bare,
  ),
  "instance-actor": actorDocument(anInstance(), { kind: "instance" }, bare),
  "proposal-actor": actorDocument(
    anInstance(),
    { kind: "proposal", proposal: told.proposal },
    about,
  ),
  topic: actorDocument(anInstance(), { kind: "topic", topic: told.topic as never }, about),
  person: actorDocument(anInstance(), { kind: "person", person: told.author as never }, bare),
};

const fileOf = (name: string): URL => new URL(`golden/${name}.json`, import.meta.url);

describe("what other servers are told, word for word", () => {
  for (const [name, document] of Object.entries(documents)) {
    it(`is the golden ${name}`, () => {
      const text = `${JSON.stringify(withContext(document), null, 2)}\n`;
      if (process.env["WRITE_GOLDEN"] === "yes") writeFileSync(fileOf(name), text);
      expect(JSON.parse(text)).to.deep.equal(JSON.parse(readFileSync(fileOf(name), "utf8")));
    });
  }
});

describe("a Mastodon user", () => {
  it("sees the title, the status, the author, the text and the way to support", () => {
    const seen = statusOf(documents["proposal"] as As2);

    expect(seen).to.include({ kind: "post", visibility: "public", warning: null });
    expect(seen.title).to.deep.equal(["Des arbres <devant> l’école"]);
    expect(seen.card).to.equal("https://valmont.example/proposals/42");
    for (const part of ["Ouverte aux soutiens", "kfw2", "tilleuls"]) {
      expect(seen.lines.join("\n")).to.contain(part);
    }
  });

  it("never takes a proposal for a vote, a warning or an article", () => {
    for (const name of ["proposal", "response", "comment"]) {
      const note = documents[name] as As2;
      expect(note["type"]).to.equal("Note");
      expect(note).to.not.have.property("name");
      expect(note).to.not.have.property("summary");
      expect(note["url"]).to.be.a("string");
    }
  });

  it("is notified by every mention, since those mentioned are addressed", () => {
    for (const name of ["proposal", "response", "comment"]) {
      const note = documents[name] as As2;
      const tags = note["tag"] as ReadonlyArray<{ type: string; href: string }>;
      for (const { href } of tags.filter(({ type }) => type === "Mention")) {
        expect(note["cc"] as string[]).to.include(href);
      }
    }
  });

  it("can follow every actor: a known type, an inbox, a handle that it accepts, a key of its own", () => {
    for (const name of [
      "city",
      "city-presented",
      "person-presented",
      "instance-actor",
      "proposal-actor",
      "topic",
      "person",
    ]) {
      const actor = documents[name] as Record<string, never>;
      const types = ["Person", "Group", "Organization", "Service", "Application"];
      expect(types).to.include(actor["type"]);
      expect(actor["preferredUsername"]).to.match(/^[a-z0-9_]+([.-]+[a-z0-9_]+)*$/);
      expect(actor["publicKey"]).to.deep.include({ owner: actor["id"], publicKeyPem: pem });
      expect(actor["assertionMethod"]).to.deep.equal([
        {
          ...{ id: `${String(actor["id"])}#ed25519-key`, type: "Multikey" },
          ...{ controller: actor["id"], publicKeyMultibase: keys.publicKeyMultibase },
        },
      ]);
    }
  });

  it("sees a picture of every actor, and the lines and links of who filled them in", () => {
    for (const name of ["city", "topic", "proposal-actor", "person", "instance-actor"]) {
      const { icon } = documents[name] as { icon: Record<string, string> };
      expect(icon["type"]).to.equal("Image");
      expect(icon["mediaType"]).to.equal("image/png");
      expect(icon["url"]).to.match(/^https:\/\/valmont\.example\/icons\/[a-z]+-195\.png$/);
    }
    const city = documents["city-presented"] as Record<string, unknown>;
    expect((city["icon"] as { url: string }).url).to.contain("/media/");
    expect((city["image"] as { mediaType: string }).mediaType).to.equal("image/jpeg");
    expect(city["attributionDomains"]).to.deep.equal(["valmont.example", "blog.example"]);
    const lines = city["attachment"] as ReadonlyArray<{ type: string; value: string }>;
    expect(lines.map(({ type }) => type)).to.deep.equal(["PropertyValue", "PropertyValue"]);
    expect(lines[0]?.value).to.contain('rel="me noopener"');
  });

  it("recognises the topic of a proposal as a hashtag that leads to a page", () => {
    const note = documents["proposal"] as As2;
    const tags = note["tag"] as ReadonlyArray<{ type: string; name: string; href: string }>;
    const tag = tags.find(({ type }) => type === "Hashtag");

    expect([tag?.name, tag?.href]).to.deep.equal([
      ...["#EspacesVerts", "https://valmont.example/topics/nature"],
    ]);
    expect(note["content"]).to.contain(
      'class="mention hashtag" rel="tag">#<span>EspacesVerts</span>',
    );
  });
});
