import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { FetchRefused } from "../../../src/drivers/fetch.js";
import { createKeyCache, keysOf } from "../../../src/federation/signatures/key-cache.js";
import { createLookUps } from "../../../src/federation/signatures/look-ups.js";
import { createKeyLookUps } from "../../../src/federation/signatures/key-look-ups.js";
import { createKeyResolver } from "../../../src/federation/signatures/keys.js";
import { encodeEd25519Multikey } from "../../../src/federation/signatures/multikey.js";
import type { FetchDocument, JsonObject } from "../../../src/federation/remote-document.js";
import {
  aDelivery,
  carol,
  carolKeyId,
  carolKeys,
  now,
  signed,
  verified,
} from "./signed-requests.js";

const minute = 60_000;
const pem = (key = carolKeys.rsa.publicKey) => String(key.export({ type: "spki", format: "pem" }));
const carolsMainKey = { id: carolKeyId, owner: carol, publicKeyPem: pem() };
const carolsActor = { id: carol, type: "Person", publicKey: carolsMainKey };

type Answer = JsonObject | FetchRefused | (() => JsonObject | FetchRefused);

/** Other servers, as they answer once their documents are found at their own ids. */
function theNetwork(answers: Record<string, Answer>) {
  const asked: string[] = [];
  const clock = { at: now.getTime(), now: () => new Date(clock.at) };
  const fetchDocument: FetchDocument = async (url) => {
    asked.push(url);
    await Promise.resolve();
    const found = answers[url] ?? answers[url.split("#")[0] ?? ""];
    const answer = typeof found === "function" ? found() : found;
    if (answer === undefined) throw new FetchRefused("status", { status: 404 });
    if (answer instanceof FetchRefused) throw answer;
    return { id: String(answer["id"]), document: answer };
  };
  const { resolveKey } = createKeyResolver({ fetchDocument, clock, maxConcurrent: 3 });
  return { asked, answers, clock, resolveKey };
}

describe("whose key it is", () => {
  it("is proven when the actor's own document lists the key", async () => {
    const { resolveKey, asked } = theNetwork({ [carol]: carolsActor });

    const found = await resolveKey(carolKeyId);

    expect(found).to.include({ keyId: carolKeyId, owner: carol });
    expect(asked).to.deep.equal([carolKeyId]);
  });

  it("is proven through a key document of its own, once its owner confirms it", async () => {
    const keyId = "https://peer.example/keys/1";
    const keyDocument = { id: keyId, owner: carol, publicKeyPem: pem() };
    for (const publicKey of [keyId, { ...keyDocument }]) {
      const { resolveKey, asked } = theNetwork({
        [keyId]: keyDocument,
        [carol]: { id: carol, type: "Person", publicKey },
      });

      expect(await resolveKey(keyId)).to.include({ owner: carol });
      expect(asked).to.deep.equal([keyId, carol]);
    }
  });

  it("is proven for a stub actor at the key's address: the actor is read at its own id", async () => {
    const keyId = `${carol}/main-key`;
    const actor = { id: carol, publicKey: { ...carolsMainKey, id: keyId } };
    const { resolveKey } = theNetwork({ [keyId]: actor });

    expect(await resolveKey(keyId)).to.include({ owner: carol });
  });

  it("is proven for an Ed25519 Multikey among the actor's assertion methods", async () => {
    const keyId = `${carol}#ed25519-key`;
    const publicKeyMultibase = encodeEd25519Multikey(carolKeys.ed25519.publicKey);
    const multikey = { id: keyId, type: "Multikey", controller: carol, publicKeyMultibase };
    const { resolveKey } = theNetwork({ [carol]: { ...carolsActor, assertionMethod: [multikey] } });

    const found = await resolveKey(keyId);

    expect("key" in found && found.key.asymmetricKeyType).to.equal("ed25519");
  });

  describe("is refused", () => {
    const evil = "https://evil.example/users/mallory";
    const evilKeyId = "https://evil.example/keys/1";
    const refused: Record<string, [string, Record<string, Answer>, string]> = {
      "when a key document names carol, who does not list it": [
        `${new URL(carol).origin}/keys/9`,
        {
          "https://peer.example/keys/9": {
            id: "https://peer.example/keys/9",
            owner: carol,
            publicKeyPem: pem(carolKeys.foreign.publicKey),
          },
          [carol]: carolsActor,
        },
        "key-not-owned",
      ],
      "when a key on another host names carol, even if she lists it": [
        evilKeyId,
        {
          [evilKeyId]: { id: evilKeyId, owner: carol, publicKeyPem: pem() },
          [carol]: { id: carol, publicKey: evilKeyId },
        },
        "key-not-owned",
      ],
      "when a key id on another host answers with carol's document": [
        evilKeyId,
        { [evilKeyId]: { ...carolsActor, publicKey: { ...carolsMainKey, id: evilKeyId } } },
        "key-not-owned",
      ],
      "when the document was found not to be at its own id": [
        evilKeyId,
        { [evilKeyId]: new FetchRefused("id-mismatch") },
        "key-not-owned",
      ],
      "when the actor's key names another owner": [
        carolKeyId,
        { [carol]: { ...carolsActor, publicKey: { ...carolsMainKey, owner: evil } } },
        "key-not-owned",
      ],
      "when owner and controller disagree": [
        carolKeyId,
        { [carol]: { ...carolsActor, publicKey: { ...carolsMainKey, controller: evil } } },
        "key-not-owned",
      ],
      "when the actor lists another key id": [
        `${carol}#other-key`,
        { [carol]: carolsActor },
        "key-not-owned",
      ],
      "when the actor lists the id twice with different keys": [
        carolKeyId,
        {
          [carol]: {
            ...carolsActor,
            publicKey: [carolsMainKey, { ...carolsMainKey, publicKeyPem: "x" }],
          },
        },
        "key-not-owned",
      ],
      "when the key document's id is not its address": [
        "https://peer.example/keys/2",
        {
          "https://peer.example/keys/2": {
            id: "https://peer.example/keys/3",
            owner: carol,
            publicKeyPem: pem(),
          },
        },
        "key-not-owned",
      ],
      "when there is no document": [carolKeyId, {}, "key-not-found"],
      "when the actor is gone": [
        carolKeyId,
        { [carol]: new FetchRefused("status", { status: 410 }) },
        "key-gone",
      ],
      "when the host is down": [
        carolKeyId,
        { [carol]: new FetchRefused("unreachable") },
        "key-unreachable",
      ],
    };
    for (const [title, [keyId, answers, unavailable]] of Object.entries(refused)) {
      it(title, async () => {
        const { resolveKey } = theNetwork(answers);
        expect(await resolveKey(keyId)).to.deep.equal({ unavailable });
      });
    }

    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const privatePem = String(carolKeys.rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
    const material: Record<string, unknown> = {
      "an RSA key of 1,024 bits": pem(weak),
      "an elliptic key": pem(curve),
      "a private key": privatePem,
      "no PEM": "hello",
      "something enormous": `${pem()}${" ".repeat(10_000)}`,
      "a number": 7,
    };
    for (const [title, publicKeyPem] of Object.entries(material)) {
      it(`when the key is ${title}`, async () => {
        const publicKey = { ...carolsMainKey, publicKeyPem };
        const { resolveKey } = theNetwork({ [carol]: { id: carol, publicKey } });
        expect(await resolveKey(carolKeyId)).to.deep.equal({ unavailable: "key-not-found" });
      });
    }
  });

  it("is asked once for many requests at once, and not again for a day", async () => {
    const { resolveKey, asked, clock } = theNetwork({ [carol]: carolsActor });

    await Promise.all(Array.from({ length: 20 }, () => resolveKey(carolKeyId)));
    clock.at += 23 * 60 * minute;
    await resolveKey(carolKeyId);
    expect(asked).to.have.length(1);

    clock.at += 61 * minute;
    await resolveKey(carolKeyId);
    expect(asked).to.have.length(2);
  });

  it("is asked again after a failed signature, five minutes apart at least", async () => {
    const { resolveKey, asked, answers, clock } = theNetwork({ [carol]: carolsActor });
    await resolveKey(carolKeyId);

    await resolveKey(carolKeyId, { refresh: true });
    expect(asked).to.have.length(1);

    clock.at += 5 * minute;
    const rotated = { ...carolsMainKey, publicKeyPem: pem(carolKeys.foreign.publicKey) };
    answers[carol] = { ...carolsActor, publicKey: rotated };
    const found = await resolveKey(carolKeyId, { refresh: true });
    expect("key" in found && found.key.equals(carolKeys.foreign.publicKey)).to.equal(true);

    await resolveKey(carolKeyId, { refresh: true });
    expect(asked).to.have.length(2);
  });

  it("stays known when a refresh finds the host down", async () => {
    const { resolveKey, answers, clock } = theNetwork({ [carol]: carolsActor });
    await resolveKey(carolKeyId);
    clock.at += 6 * minute;
    answers[carol] = new FetchRefused("timeout");

    const refreshed = await resolveKey(carolKeyId, { refresh: true });

    expect(refreshed).to.deep.equal({ unavailable: "key-unreachable" });
    expect(await resolveKey(carolKeyId)).to.include({ owner: carol });
  });

  for (const status of [401, 403]) {
    it(`stays known when a stranger's forgery has us look and we are answered ${status}`, async () => {
      const { resolveKey, answers, clock } = theNetwork({ [carol]: carolsActor });
      await resolveKey(carolKeyId);
      clock.at += 6 * minute;
      answers[carol] = new FetchRefused("status", { status });

      const refreshed = await resolveKey(carolKeyId, { refresh: true });

      expect(refreshed).to.deep.equal({ unavailable: "key-withheld" });
      expect(await resolveKey(carolKeyId)).to.include({ owner: carol });
      clock.at += 24 * 60 * minute;
      expect(await resolveKey(carolKeyId)).to.deep.equal({ unavailable: "key-withheld" });
    });
  }

  it("is known to one city although her server shows nothing to another one", async () => {
    const cache = createKeyCache();
    const clock = { now: () => now };
    const open: FetchDocument = async () => ({ id: carol, document: carolsActor });
    const closed: FetchDocument = async () => {
      throw new FetchRefused("status", { status: 403 });
    };
    const [welcome, shunned] = [open, closed].map((fetchDocument, at) =>
      createKeyResolver({ fetchDocument, clock, cache: keysOf(cache, `city-${at}`) }),
    );

    const refused = await shunned?.resolveKey(carolKeyId);
    const found = await welcome?.resolveKey(carolKeyId);

    expect(refused).to.deep.equal({ unavailable: "key-withheld" });
    expect(found).to.include({ owner: carol });
    expect(await shunned?.resolveKey(carolKeyId)).to.deep.equal(refused);
  });

  it("is not asked again and again of a host that is down, even once the key is a day old", async () => {
    const { resolveKey, answers, asked, clock } = theNetwork({ [carol]: carolsActor });
    await resolveKey(carolKeyId);
    clock.at += 25 * 60 * minute;
    answers[carol] = new FetchRefused("timeout");

    for (let turn = 0; turn < 5; turn += 1) {
      expect(await resolveKey(carolKeyId)).to.deep.equal({ unavailable: "key-unreachable" });
    }

    expect(asked).to.have.length(2);
  });

  it("is remembered as unknown for ten minutes, as gone for a week", async () => {
    const bob = "https://peer.example/users/bob#main-key";
    const network = theNetwork({ [carol]: new FetchRefused("status", { status: 410 }) });
    const { resolveKey, asked, clock } = network;
    for (const keyId of [carolKeyId, bob]) await resolveKey(keyId);

    clock.at += 9 * minute;
    for (const keyId of [carolKeyId, bob]) await resolveKey(keyId);
    expect(asked).to.have.length(2);

    clock.at += 2 * minute;
    for (const keyId of [carolKeyId, bob]) await resolveKey(keyId);
    expect(asked).to.deep.equal([carolKeyId, bob, bob]);
  });

  it("is not looked for without end when a flood of unknown keys arrives", async () => {
    const { resolveKey, asked } = theNetwork({});
    const flood = Array.from({ length: 50 }, (_, index) => resolveKey(`${carol}/${index}#k`));

    const outcomes = await Promise.all(flood);

    expect(asked).to.have.length(3);
    expect(outcomes[49]).to.deep.equal({ unavailable: "key-unreachable" });
  });

  it("is looked for within one bound, however many cities of a server look for keys", async () => {
    const silent: FetchDocument = async () => new Promise<never>(() => undefined);
    const clock = { now: () => now };
    const lookingFor = createKeyLookUps(clock, { maxConcurrent: 2 });
    const [one, other, third] = ["one", "other", "third"].map((owner) =>
      createKeyResolver({ fetchDocument: silent, clock, lookingFor, owner }),
    );
    void one?.resolveKey("https://a.example/k");
    void other?.resolveKey("https://a.example/k");

    expect(await third?.resolveKey("https://b.example/k")).to.deep.equal({
      unavailable: "key-unreachable",
    });
  });

  it("is looked for although another server is slow", async () => {
    const fetchDocument: FetchDocument = async (url) => {
      if (url.startsWith("https://slow.example/")) return new Promise<never>(() => undefined);
      return { id: carol, document: carolsActor };
    };
    const clock = { now: () => now };
    const { resolveKey } = createKeyResolver({ fetchDocument, clock, maxPerDomain: 2 });
    for (let index = 0; index < 60; index += 1) {
      void resolveKey(`https://slow.example/${index}`);
    }

    expect(await resolveKey("https://slow.example/61")).to.deep.equal({
      unavailable: "key-unreachable",
    });
    expect(await resolveKey(carolKeyId)).to.include({ owner: carol });
  });

  it("is looked for although somebody has us wait for many silent servers", async () => {
    const fetchDocument: FetchDocument = async (url) => {
      if (url.startsWith("https://peer.example/")) return { id: carol, document: carolsActor };
      return new Promise<never>(() => undefined);
    };
    const clock = { now: () => now };
    const { resolveKey } = createKeyResolver({ fetchDocument, clock, maxPerClient: 4 });
    const forged = Array.from({ length: 40 }, (_, at) => `https://silent-${at}.example/k`);

    const [early, late] = [forged.slice(0, 4), forged.slice(4)];
    for (const keyId of early) void resolveKey(keyId, { client: "192.0.2.1" });
    for (const keyId of late) {
      const refused = await resolveKey(keyId, { client: "192.0.2.1" });
      expect(refused).to.deep.equal({ unavailable: "too-many-keys" });
    }

    expect(await resolveKey(carolKeyId, { client: "192.0.2.2" })).to.include({ owner: carol });
  });

  it("is looked for at few hosts of one domain at once, whatever names it gives them", async () => {
    const asked: string[] = [];
    const fetchDocument: FetchDocument = (url) => {
      asked.push(url);
      return new Promise<never>(() => undefined);
    };
    const clock = { now: () => now };
    const { resolveKey } = createKeyResolver({ fetchDocument, clock, maxPerDomain: 2 });
    const names = Array.from({ length: 20 }, (_, at) => `https://n${at}.evil.example/k`);

    for (const keyId of names) void resolveKey(keyId, { client: keyId });

    expect(asked).to.deep.equal(names.slice(0, 2));
  });

  it("is waited for a little while only, as nobody has proven anything yet", async () => {
    const fetchDocument: FetchDocument = (_url, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new FetchRefused("aborted")));
      });
    const clock = { now: () => now };
    const { resolveKey } = createKeyResolver({ fetchDocument, clock, patienceMs: 1 });

    expect(await resolveKey(carolKeyId)).to.deep.equal({ unavailable: "key-unreachable" });
  });

  it("is nobody's when the actor's document is huge, so that many fill no memory", async () => {
    const { resolveKey } = theNetwork({
      [carol]: { ...carolsActor, summary: "x".repeat(300_000) },
    });
    expect(await resolveKey(carolKeyId)).to.deep.equal({ unavailable: "key-not-found" });

    const cache = createKeyCache();
    const key = carolKeys.rsa.publicKey;
    for (let index = 0; index < 400; index += 1) {
      const actor = { id: carol, summary: "x".repeat(200_000) };
      const outcome = { keyId: `${carol}/${index}`, owner: carol, key, actor };
      cache.set(`${carol}/${index}`, { outcome, foundAt: 0, triedAt: 0 });
    }
    const kept = Array.from({ length: 400 }, (_, at) => cache.get(`${carol}/${at}`)).filter(
      Boolean,
    );
    expect(kept.length).to.be.within(50, 100);
  });

  it("survives a flood of invented key ids", () => {
    const cache = createKeyCache(2);
    const entry = (outcome: Parameters<typeof cache.set>[1]["outcome"]) => ({
      outcome,
      foundAt: 0,
      triedAt: 0,
    });
    const key = carolKeys.rsa.publicKey;
    cache.set(carolKeyId, entry({ keyId: carolKeyId, owner: carol, key, actor: {} }));

    for (let index = 0; index < 100; index += 1) {
      cache.set(`${index}`, entry({ unavailable: "key-not-found" }));
    }

    expect(cache.get(carolKeyId)).to.not.equal(undefined);
    expect(cache.get("0")).to.equal(undefined);
  });

  it("lets a rotated key through at the second look, and never a forged one", async () => {
    const { resolveKey, answers, clock } = theNetwork({
      [carol]: {
        ...carolsActor,
        publicKey: { ...carolsMainKey, publicKeyPem: pem(carolKeys.foreign.publicKey) },
      },
    });
    const verify = () => verified(signed("cavage"), { now, resolveKey });
    expect(await verify()).to.include({ status: 401, code: "bad-signature" });

    clock.at += 6 * minute;
    answers[carol] = carolsActor;

    expect(await verify()).to.include({ ok: true, owner: carol });
  });

  it("costs no fetch when the request is unsigned or ill-formed", async () => {
    const { resolveKey, asked } = theNetwork({ [carol]: carolsActor });
    const tampered = { ...signed("rfc9421"), rawBody: Buffer.from("{}") };

    for (const request of [aDelivery(), tampered]) {
      expect(await verified(request, { now, resolveKey })).to.include({ status: 401 });
    }

    expect(asked).to.deep.equal([]);
  });
});

describe("how often keys are looked for", () => {
  const at = now.getTime();

  it("is bounded for all the new names of whoever holds a domain, and spares everybody else", () => {
    const { take, proved } = createLookUps({ perHost: 5, newPerDomain: 3 });
    proved("known.evil.co.uk");
    const made = Array.from({ length: 10 }, (_, nth) => take(`h${nth}.evil.co.uk`, at));

    expect(made.filter(Boolean)).to.have.length(3);
    expect(take("known.evil.co.uk", at), "a known host of that domain").to.equal(true);
    expect(take("good.co.uk", at), "a neighbour under the same suffix").to.equal(true);
    expect(take("good.github.io", at) && take("better.github.io", at)).to.equal(true);
    expect(take("h11.evil.co.uk", at + 60_000), "a minute later").to.equal(true);
  });

  it("is bounded for addresses of which anybody has millions", () => {
    const { take } = createLookUps({ perHost: 5, newPerDomain: 3 });
    const made = Array.from({ length: 10 }, (_, nth) => take(`[2001:db8::${nth}]:443`, at));

    expect(made.filter(Boolean)).to.have.length(3);
    expect(take("192.0.2.1", at) && take("192.0.2.2:80", at)).to.equal(true);
  });
});
