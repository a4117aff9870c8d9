import { expect } from "chai";
import fc from "fast-check";
import { localActor, localPath, originOf, sameOrigin } from "../../src/federation/addresses.js";
import { inboxCollection } from "../../src/federation/records.js";
import { aPeer, closePeers } from "./support/peer.js";
import { anInstance } from "./support/public.js";
import { aTown, closeTowns } from "./support/town.js";
import { readUrl } from "../../src/drivers/web-address.js";

describe("a hostile server", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("leads us to no private address, by key id or otherwise (requirement 13, S11)", async () => {
    const town = await aTown({ allowPrivate: false });
    const peer = await aPeer();
    const mallory = await peer.actor("mallory");
    const port = new URL(peer.origin).port;
    const activity = peer.activity(mallory, "Follow", `${town.origin}/actor`);
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      "0.0.0.0",
      "169.254.169.254",
      "10.0.0.1",
    ]) {
      const keyId = `http://${host}:${port}/users/mallory#main-key`;
      const answer = await peer.post(town, mallory, activity, { keyId });
      expect(answer.status, host).to.equal(401);
    }
    expect(peer.received).to.deep.equal([]);
  });

  it("gets no 5xx, whatever it sends, and leaves no trace (requirement 6, S16)", async () => {
    const town = await aTown();
    const text = fc.string({ maxLength: 60 }).map((value) => value.replace(/[^\x20-\x7e]/g, "?"));
    const headers = fc.record(
      {
        signature: fc.oneof(text, fc.constant('keyId="https://a.example/k",signature="AA=="')),
        "signature-input": text,
        digest: text,
        date: fc.oneof(text, fc.constant(new Date(0).toUTCString())),
        "content-type": fc.constantFrom(
          "application/activity+json",
          "application/ld+json",
          "application/json",
          "text/html",
        ),
        "content-digest": text,
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(fc.json(), text, fc.constant('{"type":["Create","Note"],"id":[]}'));
    await fc.assert(
      fc.asyncProperty(headers, body, async (given, sent) => {
        const answer = await fetch(`${town.origin}/inbox`, {
          ...{ method: "POST", headers: given as Record<string, string>, body: sent },
        });
        const said = await answer.text();
        expect(answer.status).to.be.within(400, 499);
        expect(said).to.not.contain("at ");
        expect(Object.keys(JSON.parse(said) as object)).to.deep.equal(["error"]);
      }),
      { numRuns: 150 },
    );
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(0);
  });

  it("answers with odd documents, and only its own activity is refused (S16)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const odd = await peer.actor("odd");
    for (const type of [["Create", "Note"], 5, null, "", { x: 1 }]) {
      const activity = peer.activity(odd, "Follow", `${town.origin}/actor`, { type });
      expect((await peer.post(town, odd, activity)).status).to.equal(400);
    }
    for (const object of [null, 7, [], {}, "x", [[[]]], { id: 5 }]) {
      for (const type of ["Follow", "Like", "Announce", "Undo", "Accept", "Delete"]) {
        const answer = await peer.post(town, odd, peer.activity(odd, type, object));
        expect(answer.status).to.equal(202);
      }
    }
    await town.settle();
    const waiting = { state: { $in: ["waiting" as const, "handed" as const] } };
    expect(await town.visitor.collection(inboxCollection).countDocuments(waiting)).to.equal(0);
  });

  it("has nothing tried again that JSON-LD cannot read", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const odd = await peer.actor("odd");
    const contexts = ["https://www.w3.org/ns/activitystreams", "https://evil.example/context"];
    for (const tag of [{ id: 5 }, { type: 5 }, { id: ["x", "y"] }, { contentMap: { fr: 5 } }]) {
      const note = peer.note(odd, { tag, inReplyTo: `${town.origin}/proposals/1` });
      const activity = peer.activity(odd, "Create", note, { "@context": contexts });
      expect((await peer.post(town, odd, activity)).status).to.equal(202);
    }

    await town.settle();

    const waiting = { state: { $in: ["waiting" as const, "handed" as const] } };
    expect(await town.visitor.collection(inboxCollection).countDocuments(waiting)).to.equal(0);
  });

  it("passes for us by no spelling of its name (S18)", () => {
    const us = anInstance();
    for (const uri of [
      "https://valmont.example.evil.net/actor",
      "https://valmont.example@evil.net/actor",
      "https://evil.net/https://valmont.example/actor",
      "http://valmont.example/actor",
      "https://valmont.example:8443/actor",
      "https://user@valmont.example/actor",
    ]) {
      expect(localPath(us, uri), uri).to.equal(null);
      expect(localActor(us, uri), uri).to.equal(null);
    }
    for (const uri of [
      "https://valmont.example/actor",
      "https://VALMONT.example/actor",
      "https://valmont.example:443/actor",
    ]) {
      expect(localActor(us, uri), uri).to.deep.equal({ kind: "city" });
      expect(sameOrigin(uri, us.origin), uri).to.equal(true);
    }
  });

  it("has the origin that a URL parser gives it, by either way of reading", () => {
    const slow = (uri: string): string | null => {
      if (readUrl(uri) === null) return null;
      const { protocol, origin } = new URL(uri);
      return ["http:", "https:"].includes(protocol) ? origin : null;
    };
    const odd = fc.constantFrom(
      ...["https://127.1/a", "http://0x7f.1/a", "https://a.b:80/a", "http://a.b:80/a"],
      ...["https://a.b:443/a", "https://a.b:4430/a", "https://a.b:99999/a", "https://a_b.c/a"],
      ...[
        "https://xn--/a",
        "https://xn--a.b/",
        "https://a.b\\@c.d/",
        "https://a.b:443",
        "ftp://a.b/",
      ],
      ...["https://a-.b/", "https://A.b/", "https://a..b/", "https://a.b./", "https://1.2.3.a/"],
    );
    const pieces = fc.constantFrom(
      ...["xn--", "xn--a", "a--b", "a-", "-", "a", "0x7f", "1", ".", "..", "bb", "é", "A", "%41"],
      ...[
        ":99999",
        ":65535",
        ":65536",
        ":080",
        ":443",
        ":0",
        ":",
        "@",
        "\\",
        "[::1]",
        ":59999",
        ":60000",
        "1.2.3.",
        "255",
        "256",
        "01",
        "\u0000",
        "\t",
      ],
    );
    const built = fc
      .tuple(
        fc.constantFrom("https://", "http://"),
        fc.array(pieces, { minLength: 1, maxLength: 5 }),
        fc.constantFrom("", ".bb", ".com", ".com:8443", ".com:70000", ".4", "4:5000"),
        fc.constantFrom("/", "/x", "", "?x", "#x"),
      )
      .map(([scheme, host, end, path]) => scheme + host.join("") + end + path);
    const known = fc.webUrl({ withFragments: true, withQueryParameters: true });
    fc.assert(
      fc.property(fc.oneof(odd, built, known), (uri) => originOf(uri) === slow(uri)),
      { numRuns: 5_000 },
    );
  });

  it("gets 400 for an actor at an address that cannot be, before anything else is asked", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const odd = await peer.actor("odd");
    for (const origin of ["https://social.example:99999", "https://xn--a.example"]) {
      const activity = peer.activity(odd, "Follow", `${town.origin}/actor`, {
        ...{ id: `${origin}/1`, actor: `${origin}/users/odd` },
      });
      expect((await peer.post(town, odd, activity)).status, origin).to.equal(400);
    }
    expect(peer.received).to.deep.equal([]);
  });
});
