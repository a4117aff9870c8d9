import { createRequire } from "node:module";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { signCavage } from "../../../src/federation/signatures/cavage.js";
import { parseCavageHeader } from "../../../src/federation/signatures/cavage-header.js";
import { millisecondsOf } from "../../support/cpu-time.js";
import {
  aDelivery,
  carol,
  carolKeyId,
  carolKeys,
  carolSigner,
  carolsKey,
  expectRefusedUnseen,
  handSigned,
  inbox,
  judge,
  now,
  signed,
  withHeaders,
  verified,
} from "./signed-requests.js";

interface HttpSignature {
  parseRequest(request: IncomingMessage, options: object): { keyId: string };
  verifySignature(parsed: object, pem: string): boolean;
  sign(request: object, options: object): boolean;
}

const httpSignature: HttpSignature = createRequire(import.meta.url)("http-signature");
const allCovered = ["(request-target)", "host", "date", "digest"];
const seconds = Math.floor(now.getTime() / 1000);

describe("draft-cavage signatures", () => {
  it("let a delivery of carol's through, in carol's name", async () => {
    const { verdict, lookups } = await judge(signed("cavage"));

    expect(verdict).to.include({ ok: true, owner: carol, keyId: carolKeyId });
    expect(lookups).to.equal(1);
  });

  it("let a signed GET through, without a digest", async () => {
    const request = signed("cavage", aDelivery({ method: "GET", rawBody: Buffer.alloc(0) }));

    expect(request.headers["digest"]).to.equal(undefined);
    expect((await judge(request)).verdict).to.include({ ok: true });
  });

  describe("are accepted", () => {
    const accepted = {
      "without an algorithm": handSigned({ algorithm: null }),
      "as hs2019": handSigned({ algorithm: "hs2019" }),
      "with spaces after the commas": handSigned({ separator: ", " }),
      "with (created) in place of the date": handSigned({
        algorithm: "hs2019",
        created: seconds,
        covered: ["(request-target)", "host", "(created)", "digest"],
      }),
      "with parameters that we do not know": handSigned({ extra: 'draft="12"' }),
      "55 minutes old": handSigned({
        values: { date: new Date(now.getTime() - 55 * 60_000).toUTCString() },
      }),
      "over the path without its query": handSigned(
        { values: { "(request-target)": "post /actors/city/inbox" } },
        aDelivery({ url: `${inbox}?page=1` }),
      ),
      "over the path with its query": handSigned({}, aDelivery({ url: `${inbox}?page=1` })),
    };
    for (const [title, request] of Object.entries(accepted)) {
      it(title, async () => expect((await judge(request)).verdict).to.include({ ok: true }));
    }
  });

  describe("are refused, without asking for a key,", () => {
    for (const missing of allCovered) {
      it(`when ${missing} is not covered`, () =>
        expectRefusedUnseen(
          handSigned({ covered: allCovered.filter((name) => name !== missing) }),
          "uncovered",
        ));
    }

    it("when only the date is signed", () =>
      expectRefusedUnseen(handSigned({ covered: ["date"] }), "uncovered"));

    it("when a covered header was not sent", () =>
      expectRefusedUnseen(
        handSigned({ covered: [...allCovered, "x-other"], values: { "x-other": "1" } }),
        "uncovered",
      ));

    it("when there is none", () => expectRefusedUnseen(aDelivery(), "no-signature"));

    it("when the body was changed on the way", () =>
      expectRefusedUnseen(
        { ...signed("cavage"), rawBody: Buffer.from('{"type":"Delete"}') },
        "digest-mismatch",
      ));

    it("when the digest is that of something else", () =>
      expectRefusedUnseen(
        handSigned({ values: { digest: "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" } }),
        "digest-mismatch",
      ));

    it("when the digest is absent, of another kind, or given twice", async () => {
      await expectRefusedUnseen(withHeaders(signed("cavage"), { digest: undefined }), "no-digest");
      await expectRefusedUnseen(handSigned({ values: { digest: "MD5=1B2M2Y8A" } }), "no-digest");
      const digest = "SHA-256=aaaa, SHA-256=bbbb";
      await expectRefusedUnseen(handSigned({ values: { digest } }), "no-digest");
    });

    it("when it is too old, or from the future", async () => {
      for (const hours of [-1.1, 1.1, -24 * 365, 24]) {
        const date = new Date(now.getTime() + hours * 3_600_000);
        await expectRefusedUnseen(signed("cavage", aDelivery(), carolSigner, date), "stale");
      }
    });

    it("when the date is not an HTTP date", async () => {
      for (const date of ["2026-11-23T10:00:00Z", "yesterday", "", "Mon, 23 Nov 2026 10:00:00"]) {
        await expectRefusedUnseen(handSigned({ values: { date } }), "malformed-signature");
      }
    });

    it("when it says itself that it has expired", () =>
      expectRefusedUnseen(handSigned({ extra: `expires=${seconds - 1}` }), "stale"));

    it("when (created) is signed under rsa-sha256", () =>
      expectRefusedUnseen(
        handSigned({
          created: seconds,
          covered: ["(request-target)", "host", "(created)", "digest"],
        }),
        "algorithm",
      ));

    it("when (created) is covered and not given, or stale", async () => {
      const covered = ["(request-target)", "host", "(created)", "digest"];
      for (const created of [null, seconds - 4000, seconds + 4000]) {
        await expectRefusedUnseen(handSigned({ algorithm: "hs2019", created, covered }), "stale");
      }
    });

    it("when it was made for another host", () =>
      expectRefusedUnseen(handSigned({}, aDelivery({ host: "autre.example" })), "wrong-host"));

    it("when the host is no host at all", async () => {
      for (const host of ["", "ville.example/x", "a@ville.example", "ville.example\nx"]) {
        await expectRefusedUnseen(handSigned({}, aDelivery({ host })), "wrong-host");
      }
    });

    it("when the algorithm is unknown", () =>
      expectRefusedUnseen(handSigned({ algorithm: "hmac-sha256" }), "algorithm"));

    const good = String(signed("cavage").headers["signature"]);
    const malformed: Record<string, string> = {
      "a parameter is repeated": `${good},keyId="https://evil.example/k"`,
      "a parameter is repeated in other letters": `${good},KEYID="https://evil.example/k"`,
      "the header came twice": `${good}, ${good}`,
      "it is empty": "",
      "it is not parameters": "Bearer abc",
      "it ends with a comma": `${good},`,
      "a quote is escaped": good.replace("#main-key", '\\"'),
      "it is far too long": `${good},x="${"a".repeat(5000)}"`,
      "the signature is not base64": good.replace(/signature="[^"]*"/, 'signature="%%%"'),
      "there is no keyId": good.replace(/keyId="[^"]*",/, ""),
      "the keyId is not an address": good.replace(/keyId="[^"]*"/, 'keyId="javascript:x"'),
      "the keyId holds a password": good.replace("https://", "https://a:b@"),
      "a covered header is repeated": good.replace("host date", "host host date"),
      "a covered name is odd": good.replace("host date", "host da:te"),
    };
    for (const [title, signature] of Object.entries(malformed)) {
      it(`when ${title}`, () =>
        expectRefusedUnseen(withHeaders(signed("cavage"), { signature }), "malformed-signature"));
    }
  });

  it("are refused when another key made them", async () => {
    const request = handSigned({ key: carolKeys.foreign.privateKey });

    const { verdict } = await judge(request);

    expect(verdict).to.include({ ok: false, status: 401, code: "bad-signature" });
  });

  it("are refused at another inbox, or with another method", async () => {
    const request = signed("cavage");

    for (const change of [{ url: "https://ville.example/inbox" }, { method: "PUT" }]) {
      const { verdict } = await judge({ ...request, ...change });
      expect(verdict).to.include({ status: 401, code: "bad-signature" });
    }
  });

  it("are refused when the algorithm does not suit the key", async () => {
    const { verdict } = await judge(handSigned(), carolsKey(carolKeys.ed25519.publicKey));

    expect(verdict).to.include({ status: 401, code: "algorithm" });
  });

  it("work with Ed25519 as well", async () => {
    const signer = { keyId: carolKeyId, privateKey: carolKeys.ed25519.privateKey };

    const request = signed("cavage", aDelivery(), signer);

    const { verdict } = await judge(request, carolsKey(carolKeys.ed25519.publicKey));
    expect(verdict).to.include({ ok: true, algorithm: "ed25519" });
  });

  it("get 503 when the key's host is down, 401 when the key is gone", async () => {
    const down = await judge(signed("cavage"), { unavailable: "key-unreachable" });
    const gone = await judge(signed("cavage"), { unavailable: "key-gone" });

    expect(down.verdict).to.include({ status: 503 });
    expect(gone.verdict).to.include({ status: 401, code: "key-gone" });
  });

  it("are tried again with the key fetched anew, once", async () => {
    const asked: (boolean | undefined)[] = [];

    const verdict = await verified(signed("cavage"), {
      now,
      resolveKey: async (_keyId, options) => {
        asked.push(options?.refresh);
        return carolsKey(options?.refresh ? undefined : carolKeys.foreign.publicKey);
      },
    });

    expect(verdict).to.include({ ok: true });
    expect(asked).to.deep.equal([undefined, true]);
  });

  it("take linear time to read, however hostile", () => {
    const hostile = [" ".repeat(4000), 'a="'.repeat(1300), '"'.repeat(4000), "a=1,".repeat(1000)];

    const spent = millisecondsOf(() => {
      for (const header of hostile) expect(() => parseCavageHeader(header)).to.throw();
    });

    expect(spent).to.be.lessThan(50);
  });

  it("of ours are understood by an independent implementation, and the other way round", async () => {
    const pem = String(carolKeys.rsa.publicKey.export({ type: "spki", format: "pem" }));
    const payload = '{"type":"Follow"}';
    const verdicts: unknown[] = [];
    const server = createServer((req, res) => {
      const parsed = httpSignature.parseRequest(req, { headers: allCovered });
      verdicts.push(parsed.keyId, httpSignature.verifySignature(parsed, pem));
      res.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/inbox?x=1`;

    const headers = signCavage({ method: "POST", url, body: payload }, carolSigner);
    await fetch(url, { method: "POST", headers, body: payload });
    await new Promise((resolve) => server.close(resolve));

    expect(verdicts).to.deep.equal([carolKeyId, true]);
  });

  it("of an independent implementation are understood by us", async () => {
    const request = aDelivery();
    const headers: Record<string, string> = { ...handSigned().headers } as Record<string, string>;
    const outgoing = {
      method: "POST",
      path: "/actors/city/inbox",
      getHeader: (name: string) => ({ ...headers, host: "ville.example" })[name.toLowerCase()],
      setHeader: (name: string, value: string) => {
        headers[name.toLowerCase()] = value;
      },
    };

    httpSignature.sign(outgoing, {
      keyId: carolKeyId,
      key: carolKeys.rsa.privateKey.export({ type: "pkcs1", format: "pem" }),
      headers: allCovered,
      authorizationHeaderName: "signature",
    });
    headers["signature"] = (headers["signature"] ?? "").replace(/^Signature /, "");

    expect((await judge(withHeaders(request, headers))).verdict).to.include({ ok: true });
  });
});
