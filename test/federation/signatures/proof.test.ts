import { generateKeyPairSync, createPrivateKey } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  generateEd25519Pair,
  generateRsaPair,
} from "../../../src/federation/signatures/generate.js";
import { canonicalJson } from "../../../src/federation/signatures/jcs.js";
import {
  decodeEd25519Multikey,
  decodeMultibase,
  encodeEd25519Multikey,
  encodeMultibase,
} from "../../../src/federation/signatures/multikey.js";
import { verifyProof, withProof } from "../../../src/federation/signatures/proof.js";
import type { ResolveKey } from "../../../src/federation/signatures/verify.js";
import { carol, carolKeys, now } from "./signed-requests.js";

const method = `${carol}#ed25519-key`;
const contexts = ["https://www.w3.org/ns/activitystreams", { toot: "http://joinmastodon.org/ns#" }];
const note = {
  "@context": contexts,
  id: `${carol}/1`,
  type: "Note",
  content: "Élan & <b>",
  n: 1.5,
};
const signer = {
  verificationMethod: method,
  privateKey: carolKeys.ed25519.privateKey,
  created: now,
};

function holding(key = carolKeys.ed25519.publicKey): ResolveKey {
  return async (keyId) => ({ keyId, owner: carol, key, actor: { id: carol } });
}

// Public key of the vectors of FEP-8b32 and of W3C's vc-di-eddsa.
const vectorMultikey = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
const vectorKey = decodeEd25519Multikey(vectorMultikey);
const fepVector = {
  "@context": [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/data-integrity/v1",
  ],
  type: "Create",
  actor: "https://server.example/users/alice",
  object: { type: "Note", content: "Hello world" },
  proof: {
    type: "DataIntegrityProof",
    cryptosuite: "eddsa-jcs-2022",
    verificationMethod: "https://server.example/users/alice#ed25519-key",
    proofPurpose: "assertionMethod",
    proofValue:
      "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2",
    created: "2023-02-24T23:36:38Z",
  },
};

describe("integrity proofs", () => {
  it("show who attests a document, wherever it was found", async () => {
    const proven = withProof(note, signer);

    const verdict = await verifyProof(JSON.parse(JSON.stringify(proven)), holding());

    expect(verdict).to.deep.equal({ ok: true, owner: carol, created: now });
    expect(proven).to.include({ content: note.content });
  });

  it("hold for the vector of FEP-8b32", async () => {
    const verdict = await verifyProof(fepVector, holding(vectorKey ?? undefined));

    expect(verdict).to.include({ ok: true });
  });

  it("are broken by any change", async () => {
    const proven = withProof(note, signer) as typeof note & { proof: Record<string, unknown> };
    const changed = [
      { ...proven, content: "Something else" },
      { ...proven, extra: true },
      { ...proven, "@context": [...contexts].reverse() },
      { ...proven, proof: { ...proven.proof, created: "2020-01-01T00:00:00Z" } },
      { ...proven, proof: { ...proven.proof, "@context": contexts.slice(0, 1) } },
    ];

    for (const document of changed) {
      expect(await verifyProof(document, holding())).to.include({ ok: false });
    }
  });

  it("outlive a context that a forwarder appends, and cover none of it", async () => {
    const proven = withProof(note, signer);
    const forwarded = { ...proven, "@context": [...contexts, "https://relay.example/ns"] };

    expect(await verifyProof(forwarded, holding())).to.include({ ok: true });
  });

  it("are not taken from another key, nor when the key cannot be had", async () => {
    const proven = withProof(note, signer);
    const other = generateKeyPairSync("ed25519").publicKey;

    expect(await verifyProof(proven, holding(other))).to.include({ code: "bad-proof" });
    expect(await verifyProof(proven, holding(carolKeys.rsa.publicKey))).to.include({
      code: "bad-proof",
    });
    expect(await verifyProof(proven, async () => ({ unavailable: "key-not-owned" }))).to.include({
      code: "key-unavailable",
    });
  });

  it("are ignored, without asking for a key, when they are not of the kind we know", async () => {
    const { proof } = fepVector;
    const unknown: unknown[] = [
      undefined,
      "proof",
      [proof, proof],
      { ...proof, cryptosuite: "eddsa-rdfc-2022" },
      { ...proof, type: "RsaSignature2017" },
      { ...proof, proofPurpose: "authentication" },
      { ...proof, proofValue: "z123" },
      { ...proof, proofValue: `z${"1".repeat(5000)}` },
      { ...proof, verificationMethod: "did:key:z6Mk" },
      { ...proof, created: "yesterday" },
      { ...proof, "@context": "https://other.example/ns" },
    ];
    for (const one of unknown) {
      const verdict = await verifyProof({ ...fepVector, proof: one }, () =>
        Promise.reject(new Error("asked for a key")),
      );
      expect(verdict).to.deep.equal({ ok: false, code: "no-proof" });
    }
  });
});

describe("canonical JSON", () => {
  it("sorts members by code unit and writes numbers as RFC 8785 does", () => {
    const sample = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(
      Object.values(
        JSON.parse(
          `[${canonicalJson(sample)
            .slice(1, -1)
            .replace(/"[^"]*":/g, "")}]`,
        ),
      ),
    ).to.deep.equal([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
    expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).to.equal(
      "[333333333.3333333,1e+30,4.5,0.002,1e-27,0]",
    );
  });

  it("means the same as what it was made from", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\\ud[89a-f]/i.test(text));
        expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(text));
      }),
      { numRuns: 100 },
    );
  });

  it("refuses what no two implementations would write alike", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100; level += 1) deep = [deep];
    for (const value of ["\ud800", Number.NaN, Number.POSITIVE_INFINITY, 10n, deep]) {
      expect(() => canonicalJson(value)).to.throw(TypeError);
    }
  });
});

describe("keys of our actors", () => {
  it("are RSA pairs of 2,048 bits that fit together", async () => {
    const pair = await generateRsaPair();

    const key = createPrivateKey(pair.privateKeyPem);

    expect(key.asymmetricKeyDetails?.modulusLength).to.equal(2048);
    expect(pair.publicKeyPem).to.match(/^-----BEGIN PUBLIC KEY-----/);
  });

  it("are Ed25519 pairs whose public half is a Multikey", async () => {
    const pair = await generateEd25519Pair();
    const key = decodeEd25519Multikey(pair.publicKeyMultibase);
    const resolveKey: ResolveKey = holding(key ?? undefined);
    const privateKey = createPrivateKey(pair.privateKeyPem);

    const proven = withProof(note, { verificationMethod: method, privateKey, created: now });

    expect(pair.publicKeyMultibase).to.match(/^z6Mk/);
    expect(await verifyProof(proven, resolveKey)).to.include({ ok: true });
  });

  it("come back whole from their Multikey; anything else is refused", () => {
    expect(vectorKey === null ? "" : encodeEd25519Multikey(vectorKey)).to.equal(vectorMultikey);
    for (const text of ["", "z", "z0", "m6Mk", vectorMultikey.slice(0, -1), `${vectorMultikey}1`]) {
      expect(decodeEd25519Multikey(text)).to.equal(null);
    }
  });

  it("survive multibase whatever their bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
        expect(decodeMultibase(encodeMultibase(bytes))?.equals(bytes)).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });
});
