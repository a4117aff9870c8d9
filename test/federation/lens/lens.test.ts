import { expect } from "chai";
import { refusedBecause } from "./account.js";
import type { Doc, Load } from "./documents.js";
import { aMastodonServer } from "./server.js";
import { hiddenBecause, statusOf } from "./status.js";
import { linesOf, shownHtml } from "./words.js";

const AS = "https://www.w3.org/ns/activitystreams";
const everybody = `${AS}#Public`;
const city = "https://ville.example/actor";
const local = "https://mastodon.example/users/anna";
const now = (): Date => new Date("2026-03-02T08:00:00Z");

const note = (change: object = {}): Doc => ({
  ...{ id: "https://ville.example/notes/1", type: "Note", attributedTo: city },
  ...{ content: "<p>Bonjour</p>", to: [everybody], published: "2026-03-02T07:00:00Z", ...change },
});
const actor = (change: object = {}): Doc => ({
  ...{ id: city, type: "Organization", inbox: `${city}/inbox`, preferredUsername: "ville" },
  publicKey: { id: `${city}#main-key`, owner: city, publicKeyPem: "…" },
  ...change,
});
const finger = (href: string, subject = "acct:ville@ville.example"): Load => {
  const self = { rel: "self", type: "application/activity+json", href };
  return () => Promise.resolve({ subject, links: [self] });
};
const telling = (type: string, object: unknown, by = city): Doc => ({
  ...{ id: `${by}#${type}`, type, actor: by, object, to: [everybody] },
});

/** A server where anna follows the city. */
async function aServer(load: Load = () => Promise.resolve(null)) {
  const known = finger(city);
  const read: Load = async (address) => {
    if (address === city) return actor();
    return address.includes("webfinger") ? known(address) : load(address);
  };
  const server = aMastodonServer("https://mastodon.example", read, now);
  await server.follow(local, city);
  return server;
}

describe("the lens through which Mastodon's users see us", () => {
  it("keeps the listed elements, makes titles bold paragraphs, and drops everything else", () => {
    const shown = shownHtml(
      '<h2 id="t">Titre</h2><p onclick="x()">Un <em>mot</em><img src="a.png"><script>x()</script></p>' +
        '<table><tr><td>case</td></tr></table><a href="javascript:x()">non</a><ul><li>un</li></ul>',
    );
    expect(shown).to.match(/^<p><strong>Titre<\/strong><\/p><p>Un <em>mot<\/em><\/p>/);
    expect(shown).to.not.match(/script|img|table|onclick|id=/);
    expect(linesOf(shown)).to.deep.equal(["Titre", "Un mot", "casenon", "• un"]);
  });

  it("shows of an article or event only its name, summary and address", () => {
    const url = "https://ville.example/e/1";
    const seen = statusOf(
      note({
        type: "Event",
        name: "Réunion",
        summary: "<p>Lundi</p>",
        content: "<p>Long</p>",
        url,
      }),
    );
    expect(seen).to.include({ kind: "link", warning: null, card: url });
    expect(seen.lines).to.deep.equal(["Réunion", "Lundi", url]);
  });

  it("takes a summary for a warning, a first language for the language, and four pictures", () => {
    const attachment = [1, 2, 3, 4, 5].map((n) => ({
      type: "Image",
      url: `https://ville.example/${n}`,
    }));
    const seen = statusOf(
      note({
        summary: "Attention",
        contentMap: { fr: "<p>Bonjour</p>", en: "<p>Hi</p>" },
        attachment,
      }),
    );
    expect(seen).to.include({ warning: "Attention", language: "fr" });
    expect(seen.pictures).to.have.length(4);
  });

  it("reads who may see a post from where the public is addressed", () => {
    const visibility = (change: object): string => statusOf(note(change)).visibility;
    expect(visibility({})).to.equal("public");
    expect(visibility({ to: "as:Public" })).to.equal("public");
    expect(visibility({ to: [], cc: [everybody] })).to.equal("unlisted");
    expect(visibility({ to: [`${city}/followers`] })).to.equal("followers");
    expect(visibility({ to: [local] })).to.equal("direct");
  });

  it("tells nobody of a mention who is not addressed, too", () => {
    const tag = [{ type: "Mention", href: local, name: "@anna@mastodon.example" }];
    const told = (change: object): boolean | undefined =>
      statusOf(note({ tag, ...change })).mentions[0]?.told;
    expect([told({}), told({ cc: [local] })]).to.deep.equal([false, true]);
  });

  it("hides what is foreign, unknown or passes for a vote", () => {
    const why = (change: object): string | null => hiddenBecause(note(change), city);
    expect(why({})).to.equal(null);
    expect(why({ id: "https://other.example/1" })).to.equal("it is of another host");
    expect(why({ attributedTo: "https://ville.example/x" })).to.equal("it is by somebody else");
    expect(why({ type: "Offer" })).to.equal("unknown type");
    const vote = { name: "Oui", inReplyTo: "https://mastodon.example/1", content: null };
    expect(why(vote)).to.equal("it passes for a vote");
  });

  it("refuses an actor without type, inbox, handle, key, or with a WebFinger that leads elsewhere", async () => {
    const why = (change: object, load = finger(city)) => refusedBecause(actor(change), load);
    expect(await why({})).to.equal(null);
    expect(await why({ type: "Note" })).to.equal("unknown type");
    expect(await why({ inbox: null })).to.equal("it has no inbox");
    for (const handle of ["é", "a b", "-a", "a-", "", "a@b"]) {
      expect(await why({ preferredUsername: handle }), handle).to.equal("its handle is ill-formed");
    }
    expect(await why({ publicKey: { owner: local } })).to.equal("it has no key of its own");
    expect(await why({}, () => Promise.resolve(null))).to.equal("WebFinger does not know it");
    expect(await why({}, finger(`${city}2`))).to.equal("WebFinger leads elsewhere");
    const other = finger(city, "acct:x@ville.example");
    expect(await why({}, other)).to.equal("WebFinger names somebody else");
  });

  it("lets in what concerns somebody there, and nothing else", async () => {
    const server = await aServer();
    const stranger = "https://ville.example/people/x";
    const by = (change: object) =>
      telling("Create", note({ attributedTo: stranger, ...change }), stranger);

    expect(await server.take(by({}))).to.include({ what: "dropped", why: "unrelated" });
    expect(await server.take(telling("Create", note()))).to.deep.include({ home: [local] });
    expect(await server.take(telling("Create", note()))).to.include({ why: "known already" });
    const id = "https://ville.example/notes/2";
    const reply = by({ id, inReplyTo: "https://ville.example/notes/1" });
    expect(await server.take(reply)).to.deep.include({ what: "post", home: [] });
    const called = by({ id: "https://ville.example/notes/3", cc: [local] });
    expect(await server.take(called)).to.deep.include({ what: "post", notified: [local] });
    const large = note({ id: "https://ville.example/notes/4", content: "x".repeat(1_100_000) });
    expect(await server.take(telling("Create", large))).to.include({ why: "too large" });
  });

  it("takes a newer `updated` for an edit, and nothing else", async () => {
    const server = await aServer();
    await server.take(telling("Create", note()));
    const update = async (change: object) =>
      (await server.take(telling("Update", note(change)))).what;

    expect(await update({ likes: { totalItems: 3 } })).to.equal("figures");
    expect(await update({ updated: "2026-03-02T07:30:00Z" })).to.equal("edit");
    expect(await update({ updated: "2026-03-02T07:30:00Z" })).to.equal("figures");
    const old = note({ id: "https://ville.example/notes/9", published: "2026-02-01T00:00:00Z" });
    expect(await server.take(telling("Update", old))).to.include({ why: "unknown and old" });
  });

  it("boosts once into a feed, and never what was removed or cannot be read", async () => {
    const boosted = note({ id: "https://ville.example/notes/7", attributedTo: `${city}/p` });
    const server = await aServer((address) =>
      Promise.resolve(address === boosted["id"] ? boosted : null),
    );
    const boost = telling("Announce", boosted["id"]);

    expect(await server.take(boost)).to.deep.include({ what: "boost", home: [local] });
    expect(await server.take(boost)).to.deep.include({ what: "boost", home: [] });
    expect(await server.take(telling("Announce", "https://ville.example/none"))).to.include({
      why: "what it boosts is not there",
    });
  });

  it("never takes an id again that was removed, and lets only authors remove", async () => {
    const server = await aServer();
    await server.take(telling("Create", note()));
    const id = "https://ville.example/notes/1";

    const foreign = await server.take(telling("Delete", id, "https://ville.example/people/x"));
    expect(foreign).to.include({ why: "it is by somebody else" });
    const own = await aServer();
    await own.take(telling("Create", note()));
    expect(await own.take(telling("Delete", { id, type: "Tombstone" }))).to.include({
      what: "post removed",
    });
    expect(await own.take(telling("Create", note()))).to.include({ why: "removed before" });
  });
});
