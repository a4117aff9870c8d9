import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import { createBudget, type Fetcher } from "../../../src/drivers/fetch.js";
import { createFetchDocument } from "../../../src/federation/remote-document.js";
import { createKeyResolver } from "../../../src/federation/signatures/keys.js";
import {
  activityType,
  aFetcher,
  aPeer,
  expectRefused,
  type Peer,
} from "../../drivers/fetch-support.js";
import { aDelivery, carolKeys, now, signed, verified } from "./signed-requests.js";

const publicKeyPem = String(carolKeys.rsa.publicKey.export({ type: "spki", format: "pem" }));

describe("a delivery, from the sender's key to our verdict", () => {
  let carols: Peer;
  let evils: Peer;
  let fetcher: Fetcher;
  let hits: string[];

  function actorOf(peer: Peer) {
    const id = `${peer.url}/users/carol`;
    return { id, type: "Person", publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem } };
  }

  function serveCarol(req: IncomingMessage, res: ServerResponse): void {
    hits.push(`carol ${req.url}`);
    const isHers = req.url === "/users/carol";
    res.writeHead(isHers ? 200 : 404, activityType).end(JSON.stringify(actorOf(carols)));
  }

  function serveEvil(req: IncomingMessage, res: ServerResponse): void {
    hits.push(`evil ${req.url}`);
    const carol = actorOf(carols);
    if (req.url === "/redirect") return void res.writeHead(302, { location: carol.id }).end();
    const keyId = `${evils.url}${req.url}`;
    const documents: Record<string, object> = {
      "/as-carol": { ...carol, publicKey: { ...carol.publicKey, id: keyId } },
      "/key": { id: keyId, owner: carol.id, publicKeyPem },
    };
    res.writeHead(200, activityType).end(JSON.stringify(documents[req.url ?? ""] ?? {}));
  }

  beforeEach(async () => {
    hits = [];
    carols = await aPeer(serveCarol);
    evils = await aPeer(serveEvil);
    fetcher = aFetcher();
  });

  afterEach(async () => {
    await fetcher.close();
    await carols.close();
    await evils.close();
  });

  async function judge(keyId: string, scheme: "cavage" | "rfc9421" = "cavage") {
    const fetchDocument = createFetchDocument(fetcher);
    const { resolveKey } = createKeyResolver({ fetchDocument, clock: { now: () => now } });
    const signer = { keyId, privateKey: carolKeys.rsa.privateKey };
    return verified(signed(scheme, aDelivery(), signer), { now, resolveKey });
  }

  for (const scheme of ["cavage", "rfc9421"] as const) {
    it(`is carol's when her server says that the key is hers (${scheme})`, async () => {
      const { id } = actorOf(carols);

      const verdict = await judge(`${id}#main-key`, scheme);

      expect(verdict).to.include({ ok: true, owner: id });
      expect(hits).to.deep.equal(["carol /users/carol"]);
    });
  }

  for (const path of ["/as-carol", "/key", "/redirect", "/nothing"]) {
    it(`is nobody's when another server speaks for carol: ${path}`, async () => {
      const verdict = await judge(`${evils.url}${path}`);

      expect(verdict).to.include({ ok: false, status: 401, code: "key-not-owned" });
    });
  }

  it("is to be sent again when the key's server is down", async () => {
    const { id } = actorOf(carols);
    await carols.close();

    expect(await judge(`${id}#main-key`)).to.include({ status: 503, code: "key-unreachable" });
  });

  it("reaches nothing internal, whatever the key id", async () => {
    const strict = aFetcher({ allowPrivate: false });
    const fetchDocument = createFetchDocument(strict);
    const { resolveKey } = createKeyResolver({ fetchDocument, clock: { now: () => now } });

    const keyId = `${carols.url}/users/carol#main-key`;
    const signer = { keyId, privateKey: carolKeys.rsa.privateKey };
    const verdict = await verified(signed("cavage", aDelivery(), signer), { now, resolveKey });

    expect(verdict).to.include({ status: 401, code: "key-not-found" });
    expect(hits).to.deep.equal([]);
    await strict.close();
  });

  it("spends the budget of its activity for every document read", async () => {
    const fetchDocument = createFetchDocument(fetcher);
    const budget = createBudget(2);
    const { id } = actorOf(carols);

    await fetchDocument(id, { budget });
    await fetchDocument(id, { budget });

    await expectRefused(fetchDocument(id, { budget }), "budget-spent");
  });
});
