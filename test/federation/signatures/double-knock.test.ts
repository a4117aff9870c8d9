import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import type { Fetcher } from "../../../src/drivers/fetch.js";
import {
  createSchemeMemory,
  withSignatures,
} from "../../../src/federation/signatures/double-knock.js";
import { inspectRequest } from "../../../src/federation/signatures/verify.js";
import {
  activityType,
  aFetcher,
  aPeer,
  expectRefused,
  type Peer,
} from "../../drivers/fetch-support.js";
import { carolSigner, now } from "./signed-requests.js";

describe("knocking at a server", () => {
  let peer: Peer;
  let plain: Fetcher;
  let knocks: string[];
  let understood: string;

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of req) pieces.push(piece as Buffer);
    const inspected = inspectRequest(
      {
        method: req.method ?? "",
        url: `${peer.url}${req.url}`,
        host: req.headers.host ?? "",
        headers: req.headers,
        rawBody: Buffer.concat(pieces),
      },
      now,
    );
    const scheme = inspected.ok ? inspected.scheme : inspected.code;
    knocks.push(scheme);
    if (scheme !== understood) res.writeHead(401).end();
    else res.writeHead(req.method === "POST" ? 202 : 200, activityType).end("{}");
  }

  beforeEach(async () => {
    knocks = [];
    understood = "cavage";
    peer = await aPeer((req, res) => void answer(req, res));
    plain = aFetcher();
  });

  afterEach(async () => {
    await plain.close();
    await peer.close();
  });

  const signing = () =>
    withSignatures(plain, {
      signer: () => carolSigner,
      clock: { now: () => now },
      memory: createSchemeMemory(),
    });

  for (const method of ["get", "post"] as const) {
    const send = (one: Fetcher) =>
      method === "get"
        ? one.get(`${peer.url}/a?b=1`, { accept: "activity" })
        : one.post(`${peer.url}/inbox`, { body: '{"type":"Like"}', headers: {} });

    it(`uses draft-cavage first, and that is enough for most (${method})`, async () => {
      await send(signing());

      expect(knocks).to.deep.equal(["cavage"]);
    });

    it(`knocks again by RFC 9421, and remembers (${method})`, async () => {
      understood = "rfc9421";
      const one = signing();

      await send(one);
      await send(one);

      expect(knocks).to.deep.equal(["cavage", "rfc9421", "rfc9421"]);
    });

    it(`comes back to draft-cavage when a server forgets RFC 9421 (${method})`, async () => {
      understood = "rfc9421";
      const one = signing();
      await send(one);
      understood = "cavage";

      await send(one);
      await send(one);

      expect(knocks.slice(2)).to.deep.equal(["rfc9421", "cavage", "cavage"]);
    });
  }

  it("gives up after two knocks", async () => {
    understood = "neither";
    const one = signing();

    await expectRefused(one.get(peer.url, { accept: "activity" }), "status");
    const refused = await one.post(peer.url, { body: "{}", headers: {} });

    expect(refused.status).to.equal(401);
    expect(knocks).to.have.length(4);
  });
});
