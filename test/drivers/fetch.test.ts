import { gzipSync, brotliCompressSync, deflateSync } from "node:zlib";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { RequestListener } from "node:http";
import { expect } from "chai";
import {
  createBudget,
  createFetchers,
  type Fetcher,
  type FetcherOptions,
} from "../../src/drivers/fetch.js";
import { activityType, aFetcher, aPeer, expectRefused, type Peer } from "./fetch-support.js";

describe("the door to other servers", () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
  });

  async function peer(listener: RequestListener): Promise<Peer> {
    const one = await aPeer(listener);
    open.push(one);
    return one;
  }

  function fetcher(options: Partial<FetcherOptions> = {}): Fetcher {
    const one = aFetcher(options);
    open.push(one);
    return one;
  }

  const get = (one: Fetcher, url: string) => one.get(url, { accept: "activity" });

  it("brings back a document, says who asks, and signs what it asks", async () => {
    const seen: Record<string, unknown>[] = [];
    const { url } = await peer((req, res) => {
      seen.push(req.headers);
      res.writeHead(200, activityType).end('{"id":"x"}');
    });

    const found = await fetcher().get(`${url}/a?b=c#main-key`, {
      accept: "activity",
      sign: (request) => ({ signature: `${request.method} ${request.url}` }),
    });

    expect(found.url).to.equal(`${url}/a?b=c`);
    expect(found.body.toString()).to.equal('{"id":"x"}');
    expect(seen[0]?.["user-agent"]).to.equal("Parvis/0.1.0 (+https://ville.example/)");
    expect(seen[0]?.["signature"]).to.equal(`GET ${url}/a?b=c`);
    expect(seen[0]?.["accept"]).to.contain("application/activity+json");
  });

  it("finds city.localhost on this machine in a demonstration", async () => {
    const { port } = await peer((_req, res) => res.writeHead(200, activityType).end("{}"));

    const found = await get(fetcher(), `http://ville.localhost:${port}/`);

    expect(found.url).to.equal(`http://ville.localhost:${port}/`);
  });

  describe("refuses, before any packet leaves,", () => {
    const cases: [string, string][] = [
      ["http://127.0.0.1/", "private-address"],
      ["http://0x7f.1/", "private-address"],
      ["http://2130706433/", "private-address"],
      ["http://[::1]/", "private-address"],
      ["http://[::ffff:127.0.0.1]/", "private-address"],
      ["http://[::ffff:7f00:1]/", "private-address"],
      ["http://169.254.169.254/latest/meta-data", "private-address"],
      ["http://0.0.0.0/", "private-address"],
      ["https://localhost/", "private-address"],
      ["https://ville.localhost/", "private-address"],
      ["https://printer.local/", "private-address"],
      ["https://redis/", "private-address"],
      ["https://peer.example:6379/", "bad-port"],
      ["ftp://peer.example/", "bad-scheme"],
      ["file:///etc/passwd", "bad-scheme"],
      ["data:application/activity+json,{}", "bad-scheme"],
      ["https://user:secret@peer.example/", "bad-url"],
      ["https://peer.example./", "bad-url"],
      ["not a url", "bad-url"],
      [`https://peer.example/${"a".repeat(3000)}`, "bad-url"],
    ];
    for (const [url, code] of cases) {
      it(`${url.slice(0, 60)} (${code})`, async () => {
        let asked = 0;
        const strict = fetcher({
          allowPrivate: false,
          resolve: () => {
            asked += 1;
            return ["127.0.0.1"];
          },
        });

        await expectRefused(get(strict, url), code);

        expect(asked).to.equal(0);
      });
    }
  });

  it("refuses a public name whose answer is a private address", async () => {
    const strict = fetcher({
      allowPrivate: false,
      resolve: () => ["10.0.0.7", "::ffff:127.0.0.1"],
    });

    await expectRefused(get(strict, "http://peer.example/"), "private-address");
    await expectRefused(
      strict.post("http://peer.example/", { body: "{}", headers: {} }),
      "private-address",
    );
  });

  it("tells an unknown name from a refused one", async () => {
    await expectRefused(get(fetcher({ resolve: () => [] }), "http://gone.example/"), "unreachable");
  });

  it("checks every hop: a redirect to an internal service is refused", async () => {
    const hits: string[] = [];
    const { port } = await peer((req, res) => {
      hits.push(req.url ?? "");
      res.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    });

    await expectRefused(get(fetcher(), `http://127.0.0.1:${port}/start`), "private-address");

    expect(hits).to.deep.equal(["/start"]);
  });

  it("follows three redirects, no more, and signs each hop", async () => {
    const signed: string[] = [];
    const { url } = await peer((req, res) => {
      const left = Number(req.url?.slice(1));
      if (left === 0) return res.writeHead(200, activityType).end("{}");
      return res.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const sign = (request: { url: string }) => {
      signed.push(new URL(request.url).pathname);
      return {};
    };

    const found = await fetcher().get(`${url}/3`, { accept: "activity", sign });

    expect(found.url).to.equal(`${url}/0`);
    expect(signed).to.deep.equal(["/3", "/2", "/1", "/0"]);
    await expectRefused(get(fetcher(), `${url}/4`), "too-many-redirects");
  });

  it("refuses a redirect that loops, or that changes the scheme", async () => {
    const { url } = await peer((req, res) => {
      const location = req.url === "/scheme" ? "https://peer.example/" : "/loop";
      res.writeHead(301, { location }).end();
    });

    await expectRefused(get(fetcher(), `${url}/loop`), "too-many-redirects");
    await expectRefused(get(fetcher(), `${url}/scheme`), "bad-scheme");
  });

  it("reads gzip, deflate and br, and refuses an encoding nobody asked for", async () => {
    const encoded: Record<string, Buffer> = {
      gzip: gzipSync('{"a":1}'),
      deflate: deflateSync('{"a":1}'),
      br: brotliCompressSync('{"a":1}'),
      zstd: Buffer.from("?"),
    };
    const { url } = await peer((req, res) => {
      const name = req.url?.slice(1) ?? "";
      res.writeHead(200, { ...activityType, "content-encoding": name }).end(encoded[name]);
    });

    for (const name of ["gzip", "deflate", "br"]) {
      expect((await get(fetcher(), `${url}/${name}`)).body.toString()).to.equal('{"a":1}');
    }
    await expectRefused(get(fetcher(), `${url}/zstd`), "bad-type");
  });

  it("refuses a body that is larger than a mebibyte once decompressed", async () => {
    const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const { url } = await peer((_req, res) =>
      res.writeHead(200, { ...activityType, "content-encoding": "gzip" }).end(bomb),
    );

    expect(bomb.length).to.be.lessThan(1024 * 1024);
    await expectRefused(get(fetcher(), url), "too-large");
  });

  it("refuses a body without end, and one that announces itself too large", async () => {
    const { url } = await peer((req, res) => {
      if (req.url === "/announced") {
        res.writeHead(200, { ...activityType, "content-length": "2000000" });
        return res.flushHeaders();
      }
      res.writeHead(200, activityType);
      const piece = Buffer.alloc(64 * 1024, 32);
      const pump = () => {
        while (!res.destroyed && res.write(piece));
      };
      res.on("drain", pump);
      return pump();
    });

    await expectRefused(get(fetcher(), `${url}/endless`), "too-large");
    await expectRefused(get(fetcher(), `${url}/announced`), "too-large");
  });

  it("gives up on a peer that is silent, or that drips", async () => {
    const { url } = await peer((req, res) => {
      if (req.url === "/silent") return;
      res.writeHead(200, activityType);
      res.write("{");
      if (req.url === "/drip") {
        const timer = setInterval(() => res.write(" "), 10);
        res.on("close", () => clearInterval(timer));
      }
    });
    const limits = { readMs: 40, totalMs: 120 };

    await expectRefused(get(fetcher({ limits }), `${url}/silent`), "timeout");
    await expectRefused(get(fetcher({ limits }), `${url}/stalled`), "timeout");
    await expectRefused(get(fetcher({ limits }), `${url}/drip`), "timeout");
  });

  it("gives up on a resolver that does not answer", async () => {
    const mute = fetcher({
      resolve: () => new Promise(() => undefined),
      limits: { connectMs: 40 },
    });

    await expectRefused(get(mute, "http://peer.example/"), "timeout");
  });

  it("takes a closed port, and a peer that speaks something else, as unreachable", async () => {
    const { url, close } = await aPeer((_req, res) => res.end());
    await close();
    const garbage = createServer((socket) => socket.resume().end("220 smtp ready\r\n"));
    await new Promise<void>((resolve) => garbage.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => new Promise((resolve) => garbage.close(() => resolve())) });
    const { port } = garbage.address() as AddressInfo;

    const closed = await expectRefused(get(fetcher(), url), "unreachable");
    await expectRefused(get(fetcher(), `http://127.0.0.1:${port}/`), "unreachable");

    expect(closed.isPassing).to.equal(true);
  });

  it("takes an activity only under its own media types", async () => {
    const profile = 'profile="https://www.w3.org/ns/activitystreams"';
    const types: [string, boolean][] = [
      ["application/activity+json", true],
      ["Application/Activity+JSON; charset=utf-8", true],
      [`application/ld+json; ${profile}`, true],
      [`application/ld+json;charset=utf-8;${profile}`, true],
      ["application/ld+json", false],
      ['application/ld+json; profile="https://evil.example/ns"', false],
      ["application/json", false],
      ["text/html", false],
      ["", false],
    ];
    for (const [type, accepted] of types) {
      const headers = type === "" ? {} : { "content-type": type };
      const { url } = await peer((_req, res) => res.writeHead(200, headers).end("{}"));
      if (accepted) await get(fetcher(), url);
      else await expectRefused(get(fetcher(), url), "bad-type");
    }
  });

  it("takes WebFinger and NodeInfo as JSON", async () => {
    const { url } = await peer((req, res) =>
      res.writeHead(200, { "content-type": `application/${req.url?.slice(1)}` }).end("{}"),
    );

    await fetcher().get(`${url}/jrd+json`, { accept: "jrd" });
    await fetcher().get(`${url}/json`, { accept: "nodeinfo" });
    await expectRefused(fetcher().get(`${url}/xml`, { accept: "jrd" }), "bad-type");
  });

  it("reports the status, whether it passes, and how long the peer wants us to wait", async () => {
    const { url } = await peer((req, res) =>
      res.writeHead(Number(req.url?.slice(1)), { "retry-after": "120" }).end(),
    );

    const gone = await expectRefused(get(fetcher(), `${url}/410`), "status");
    const busy = await expectRefused(get(fetcher(), `${url}/503`), "status");

    expect([gone.status, gone.isGone, gone.isPassing]).to.deep.equal([410, true, false]);
    expect([busy.status, busy.retryAfter, busy.isPassing]).to.deep.equal([503, 120, true]);
  });

  it("stops when the budget of an activity is spent, redirects included", async () => {
    let hits = 0;
    const { url } = await peer((req, res) => {
      hits += 1;
      if (req.url === "/redirect") return res.writeHead(302, { location: "/" }).end();
      return res.writeHead(200, activityType).end("{}");
    });
    const budget = createBudget(2);
    const one = fetcher();

    await one.get(`${url}/redirect`, { accept: "activity", budget });
    await expectRefused(one.get(url, { accept: "activity", budget }), "budget-spent");

    expect(hits).to.equal(2);
    expect(budget.left).to.equal(0);
  });

  it("asks one host few things at a time, lets some wait, and sends the others away", async () => {
    let atOnce = 0;
    let most = 0;
    const { url } = await peer((_req, res) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      setTimeout(() => {
        atOnce -= 1;
        res.writeHead(200, activityType).end("{}");
      }, 10);
    });
    const one = fetcher({ limits: { perHost: 2, maxWaiting: 3 } });

    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => get(one, `${url}/${index}`)),
    );

    expect(most).to.equal(2);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).to.have.length(5);
    const busy = outcomes.find((outcome) => outcome.status === "rejected");
    expect(busy?.reason).to.have.property("code", "host-busy");
  });

  it("counts the places at a host over all instances of the deployment", async () => {
    const agents = new Set<unknown>();
    const { url } = await peer((req, res) => {
      agents.add(req.headers["user-agent"]);
      setTimeout(() => res.writeHead(200, activityType).end("{}"), 10);
    });
    const limits = { perHost: 1, maxWaiting: 1 };
    const fetchers = createFetchers({ version: "0.1.0", allowPrivate: true, limits });
    open.push(fetchers);
    const cities = ["a", "b", "c"].map((name) => fetchers.of(`https://${name}.example/`));

    const outcomes = await Promise.allSettled(cities.map((one) => get(one, url)));

    expect(outcomes.map((one) => one.status)).to.deep.equal(["fulfilled", "fulfilled", "rejected"]);
    expect([...agents]).to.have.length(2);
  });

  it("lets nobody wait for ever at a host that is stuck", async () => {
    const { url } = await peer(() => undefined);
    const one = fetcher({ limits: { perHost: 1, waitMs: 20, totalMs: 100 } });

    const stuck = expectRefused(get(one, `${url}/1`), "timeout");
    await expectRefused(get(one, `${url}/2`), "host-busy");
    await stuck;
  });

  it("ends a request when its caller does", async () => {
    const { url } = await peer(() => undefined);
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 10);

    const work = fetcher().get(url, { accept: "activity", signal: caller.signal });

    await expectRefused(work, "aborted");
  });

  it("delivers a body as it is, and keeps only the start of the answer", async () => {
    const received: string[] = [];
    const { url } = await peer((req, res) => {
      req.on("data", (piece: Buffer) => received.push(`${req.headers["digest"]} ${piece}`));
      req.on("end", () => {
        res.writeHead(429, { "retry-after": "7" });
        res.end("x".repeat(100_000));
      });
    });

    const answer = await fetcher().post(`${url}/inbox`, {
      body: '{"type":"Create"}',
      headers: {
        digest: "SHA-256=abc",
        "content-type": "application/activity+json",
      },
    });

    expect(received).to.deep.equal(['SHA-256=abc {"type":"Create"}']);
    expect([answer.status, answer.retryAfter, answer.text.length]).to.deep.equal([429, 7, 4096]);
  });

  it("does not follow a redirect with a delivery", async () => {
    let hits = 0;
    const { url } = await peer((_req, res) => {
      hits += 1;
      res.writeHead(307, { location: "/elsewhere" }).end();
    });

    const answer = await fetcher().post(url, { body: "{}", headers: {} });

    expect([answer.status, hits]).to.deep.equal([307, 1]);
  });

  it("keeps a bug in a signer loud", async () => {
    const work = fetcher().get("http://127.0.0.1:9/", {
      accept: "activity",
      sign: () => {
        throw new TypeError("no key");
      },
    });

    const error = await work.catch((reason: unknown) => reason);

    expect(error).to.be.instanceOf(TypeError);
  });
});
