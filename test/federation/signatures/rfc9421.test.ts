import { createPublicKey } from "node:crypto";
import { expect } from "chai";
import { verifyBytes } from "../../../src/federation/signatures/algorithms.js";
import { parseRfc9421, signatureBase } from "../../../src/federation/signatures/rfc9421.js";
import { parseDictionary } from "../../../src/federation/signatures/structured-fields.js";
import { millisecondsOf } from "../../support/cpu-time.js";
import {
  aDelivery,
  carol,
  carolKeyId,
  carolKeys,
  carolSigner,
  carolsKey,
  expectRefusedUnseen,
  inbox,
  judge,
  now,
  signed,
  withHeaders,
} from "./signed-requests.js";

const seconds = Math.floor(now.getTime() / 1000);

function changedInput(from: string | RegExp, to: string) {
  const request = signed("rfc9421");
  const input = String(request.headers["signature-input"]);
  expect(input.replace(from, to)).to.not.equal(input);
  return withHeaders(request, { "signature-input": input.replace(from, to) });
}

describe("RFC 9421 signatures", () => {
  it("let a delivery of carol's through, with RSA and with Ed25519", async () => {
    const signer = { keyId: carolKeyId, privateKey: carolKeys.ed25519.privateKey };

    const rsa = await judge(signed("rfc9421"));
    const ed = await judge(
      signed("rfc9421", aDelivery(), signer),
      carolsKey(carolKeys.ed25519.publicKey),
    );

    expect(rsa.verdict).to.include({ ok: true, owner: carol, algorithm: "rsa-v1_5-sha256" });
    expect(ed.verdict).to.include({ ok: true, owner: carol, algorithm: "ed25519" });
  });

  it("let a signed GET through, without a digest", async () => {
    const request = aDelivery({ method: "GET", rawBody: Buffer.alloc(0), url: `${inbox}?page=1` });

    expect((await judge(signed("rfc9421", request))).verdict).to.include({ ok: true });
  });

  it("are accepted over the address without its query", async () => {
    const request = { ...signed("rfc9421"), url: `${inbox}?page=1` };

    expect((await judge(request)).verdict).to.include({ ok: true });
  });

  it("hold for the vector of RFC 9421, B.2.6", () => {
    const key = createPublicKey(
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n",
    );
    const request = {
      method: "POST",
      url: "https://example.com/foo?param=Value&Pet=dog",
      host: "example.com",
      headers: {
        date: "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
      },
    };
    const header = parseRfc9421(
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    );

    const base = signatureBase(request, header.list, request.url);

    expect(verifyBytes(base, header.signature, key)).to.equal(true);
    expect(verifyBytes(`${base} `, header.signature, key)).to.equal(false);
  });

  describe("are refused, without asking for a key,", () => {
    for (const component of ['"@method" ', ' "@target-uri"', ' "content-digest"']) {
      it(`when ${component.trim()} is not covered`, () =>
        expectRefusedUnseen(changedInput(component, ""), "uncovered"));
    }

    it("when the body was changed on the way", () =>
      expectRefusedUnseen({ ...signed("rfc9421"), rawBody: Buffer.from("{}") }, "digest-mismatch"));

    it("when the digest is absent, unknown or wrong", async () => {
      const cases: [string | undefined, string][] = [
        [undefined, "no-digest"],
        ["md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", "no-digest"],
        ["sha-256=:1B2M2Y8AsgTpgAmY7PhCfg==:", "digest-mismatch"],
        ["sha-256=1", "digest-mismatch"],
      ];
      for (const [digest, code] of cases) {
        await expectRefusedUnseen(
          withHeaders(signed("rfc9421"), { "content-digest": digest }),
          code,
        );
      }
    });

    it("when a Digest beside it disagrees with the body", () =>
      expectRefusedUnseen(
        withHeaders(signed("rfc9421"), {
          digest: "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        }),
        "digest-mismatch",
      ));

    it("when it is too old, from the future, or expired", async () => {
      for (const hours of [-1.1, 1.1]) {
        const date = new Date(now.getTime() + hours * 3_600_000);
        await expectRefusedUnseen(signed("rfc9421", aDelivery(), carolSigner, date), "stale");
      }
      await expectRefusedUnseen(changedInput(/$/, `;expires=${seconds}`), "stale");
    });

    it("when it was made for another host", () =>
      expectRefusedUnseen(signed("rfc9421", aDelivery({ host: "autre.example" })), "wrong-host"));

    it("when it is not there at all", () =>
      expectRefusedUnseen(
        withHeaders(signed("rfc9421"), { signature: undefined }),
        "no-signature",
      ));

    it("when the algorithm is unknown", () =>
      expectRefusedUnseen(changedInput("rsa-v1_5-sha256", "hmac-sha256"), "algorithm"));

    const malformed: Record<string, () => ReturnType<typeof changedInput>> = {
      "created is missing": () => changedInput(/created=\d+;/, ""),
      "created is a text": () => changedInput(/created=(\d+)/, 'created="$1"'),
      "keyid is missing": () => changedInput(/;keyid="[^"]*"/, ""),
      "keyid is not an address": () => changedInput(/keyid="[^"]*"/, 'keyid="x"'),
      "a parameter is repeated": () => changedInput(/$/, ';keyid="https://evil.example/k"'),
      "a component is repeated": () => changedInput('"@method"', '"@method" "@method"'),
      "a component has parameters": () => changedInput('"@method"', '"@method";req'),
      "there are two signatures": () => changedInput(/^(.*)$/, "$1, sig2=();created=1"),
      "the label differs": () => changedInput("sig1=", "sig2="),
      "the label is repeated": () => changedInput(/^(.*)$/, "$1, $1"),
      "something follows": () => changedInput(/$/, " x"),
      "it is far too long": () => changedInput(/$/, `;x="${"a".repeat(5000)}"`),
      "it is empty": () => withHeaders(signed("rfc9421"), { "signature-input": "" }),
      "the signature is no byte sequence": () =>
        withHeaders(signed("rfc9421"), { signature: 'sig1="abc"' }),
    };
    for (const [title, request] of Object.entries(malformed)) {
      it(`when ${title}`, () => expectRefusedUnseen(request(), "malformed-signature"));
    }

    it("when a component is unknown, or not sent", async () => {
      await expectRefusedUnseen(changedInput('"@method"', '"@method" "@status"'), "uncovered");
      await expectRefusedUnseen(changedInput('"@method"', '"@method" "x-other"'), "uncovered");
    });
  });

  it("are refused when another key made them, or at another address", async () => {
    const signer = { keyId: carolKeyId, privateKey: carolKeys.foreign.privateKey };
    const elsewhere = { ...signed("rfc9421"), url: "https://ville.example/inbox" };

    for (const request of [signed("rfc9421", aDelivery(), signer), elsewhere]) {
      expect((await judge(request)).verdict).to.include({ status: 401, code: "bad-signature" });
    }
  });

  it("go before a draft-cavage one: what is in Signature must then be theirs", () =>
    expectRefusedUnseen(
      withHeaders(signed("cavage"), { "signature-input": "sig1=();created=1" }),
      "malformed-signature",
    ));

  it("are read in linear time, however hostile", () => {
    const hostile = [
      " ".repeat(4000),
      "a=(".repeat(1300),
      'a="\\'.repeat(800),
      "a=(((".repeat(800),
    ];

    const spent = millisecondsOf(() => {
      for (const header of hostile) expect(() => parseDictionary(header)).to.throw();
    });

    expect(spent).to.be.lessThan(50);
  });
});
