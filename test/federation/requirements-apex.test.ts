import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { normalise, termKinds } from "../../src/federation/apex/direct.js";
import { openApex } from "../../src/federation/apex/instance.js";
import { createNormalForm, normalFormOf } from "../../src/federation/apex/normal-form.js";
import { assertApexShape, chainsOf } from "../../src/federation/apex/shape.js";
import { guardValue, HostileDocument } from "../../src/federation/inbox/guard.js";
import { proposalNote } from "../../src/federation/translate/proposal.js";
import { withContext } from "../../src/federation/vocabulary.js";
import { corpus } from "./support/corpus.js";
import { edits, mutated } from "./support/mutations.js";
import { aProposalInPublic } from "./support/public.js";
import { aTown, closeTowns } from "./support/town.js";

const root = new URL("../..", import.meta.url).pathname;
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts"),
);
const read = (name: string): string => readFileSync(join(root, "src", name), "utf8");

describe("activitypub-express, used as parts", function () {
  this.timeout(20_000);
  afterEach(closeTowns);

  it("is imported in src/federation/apex alone (requirement 1)", () => {
    const importing = sources.filter((name) => /["']activitypub-express/.test(read(name)));

    expect(importing.every((name) => name.startsWith("federation/apex/"))).to.equal(true);
    const rules = readFileSync(join(root, ".dependency-cruiser.cjs"), "utf8");
    expect(rules).to.contain('fence("activitypub-express", "^src/federation/apex/")');
  });

  it("lends no chain, store, queue or fetch of its own (requirement 2)", async () => {
    const code = sources
      .filter((name) => name.startsWith("federation/") && !name.endsWith(".d.ts"))
      .filter((name) => !name.endsWith("apex/shape.ts"))
      .map(read)
      .join("\n");
    for (const part of [
      ...[".net.inbox", ".net.outbox", "verifySignature", "targetActorWithMeta", "resolveThread"],
      ...["forwardFromInbox", "startDelivery", "runDelivery", "addToOutbox", "queueForDelivery("],
    ]) {
      expect(code, part).to.not.contain(part);
    }
    const town = await aTown();
    for (const path of ["/u/a/inbox", "/u/a/outbox", "/proxy", "/s/1", "/o/1"]) {
      const answer = await fetch(town.origin + path, {
        method: "POST",
        headers: { "content-type": "application/activity+json" },
        body: "{}",
      });
      expect(await answer.text(), path).to.equal("<p>page</p>");
    }
  });

  it("is the release that was audited, chain by chain (requirement 3)", async () => {
    const apex = await openApex();
    const chains = chainsOf(apex.net);

    expect(chains["inbox.post"]).to.match(/^validators\.jsonld validators\.targetActorWithMeta/);
    expect(() => assertApexShape(apex)).to.not.throw();
    const { inbox, ...rest } = apex.net;
    expect(() => assertApexShape({ net: rest })).to.throw("inbox.post");
    const reversed = Object.entries(inbox ?? {}).map(([method, chain]) => [
      method,
      Array.isArray(chain) ? [...(chain as unknown[])].reverse() : chain,
    ]);
    const changed = { ...rest, inbox: Object.fromEntries(reversed) as Record<string, unknown> };
    expect(() => assertApexShape({ net: changed })).to.throw("inbox.post");
  });

  it("gives the same normal form as the direct one for every known document (requirement 24)", async () => {
    const apex = await openApex();
    const kinds = termKinds();
    const ours = withContext(proposalNote(aProposalInPublic()));
    for (const document of [...corpus, ours]) {
      const { body, knownContext } = guardValue(document);
      expect(knownContext).to.equal(true);
      expect(normalise(body, kinds)).to.deep.equal(await normalFormOf(apex, body));
    }
  });

  it("gives the same normal form for random documents of known terms (requirement 24)", async () => {
    const apex = await openApex();
    const kinds = termKinds();
    const uri = fc.webUrl({ validSchemes: ["https"] });
    const words = fc.string({ minLength: 1, maxLength: 20 });
    const note = fc.record(
      {
        id: uri,
        type: fc.constantFrom("Note", "Person", "Event", "Question"),
        name: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })),
        content: fc.oneof(words, fc.constant(null)),
        contentMap: fc.dictionary(fc.constantFrom("fr", "en"), words, { minKeys: 1 }),
        to: fc.oneof(uri, fc.array(uri, { maxLength: 3 })),
        inReplyTo: fc.oneof(uri, fc.constant(null)),
        sensitive: fc.boolean(),
        tag: fc.array(fc.record({ type: fc.constant("Mention"), href: uri, name: words })),
        location: fc.record({ type: fc.constant("Place"), latitude: fc.constant(45.5) }),
      },
      { requiredKeys: ["id", "type"] },
    );
    await fc.assert(
      fc.asyncProperty(note, async (document) => {
        const { body } = guardValue(document);
        expect(normalise(body, kinds)).to.deep.equal(await normalFormOf(apex, body));
      }),
      { numRuns: 60 },
    );
  });

  it("reads unknown contexts with bundled ones, and fetches none (requirements 13 and 24)", async () => {
    const guarded = guardValue({
      "@context": ["https://www.w3.org/ns/activitystreams", "https://evil.example/context"],
      ...{ id: "https://a.example/1", type: "Note", content: "<p>x</p>" },
    });

    expect(guarded.knownContext).to.equal(false);
    const normal = await createNormalForm().of(guarded);
    expect(normal["content"]).to.deep.equal(["<p>x</p>"]);
    await (await openApex()).jsonldContextLoader("https://evil.example/context").then(
      () => expect.fail("a context was found"),
      (error: Error) => expect(error.message).to.contain("bundled"),
    );
  });

  it("refuses what it cannot read, and fails at nothing, whatever an unknown context brings (requirement 24)", async () => {
    const apex = await openApex();
    const read = async (document: object): Promise<string> => {
      try {
        return typeof (await normalFormOf(apex, guardValue(document).body));
      } catch (error) {
        return error instanceof HostileDocument ? "refused" : String(error);
      }
    };
    const own = JSON.parse('{"toString":1,"valueOf":1}') as object;
    expect(await read({ id: "https://a.example/1", type: [own, "Note"] })).to.equal("refused");
    expect(await read({ id: 5, type: "Note" })).to.equal("refused");
    const pool = { ours: ["https://a.example/1"], theirs: ["https://b.example/1"], strange: [""] };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...corpus),
        fc.array(edits, { minLength: 1, maxLength: 4 }),
        async (document, changes) => {
          expect(await read(mutated(document, changes, pool))).to.be.oneOf(["object", "refused"]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is not loaded at start-up, which stays quick", () => {
    const script =
      "const t=performance.now();" +
      "await import('./src/federation/federation.feature.ts');" +
      "const apex=Object.keys((await import('node:module')).createRequire(process.cwd()+'/x')" +
      ".cache).some((p)=>p.includes('activitypub-express/index'));" +
      "console.log(JSON.stringify({apex,ms:performance.now()-t}))";
    const said = execFileSync(
      process.execPath,
      ["--import=tsx", "--input-type=module", "-e", script],
      { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    expect((JSON.parse(said) as { apex: boolean }).apex).to.equal(false);
  });
});
