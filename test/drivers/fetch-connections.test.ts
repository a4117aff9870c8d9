import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { pause } from "./queue.conformance.js";
import { aFetcher, expectRefused } from "./fetch-support.js";

interface Everywhere {
  /** An address of its own for each number: another host each time, and one server behind them. */
  url(host: number): string;
  /** Connections that were made, and those that are open now. */
  made(): number;
  held(): Promise<number>;
}

describe("connections to other servers", () => {
  const closing: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function everywhere(): Promise<Everywhere> {
    let made = 0;
    const server: Server = createServer({ keepAliveTimeout: 0 }, (req, res) => {
      req.resume().once("end", () => res.writeHead(202, { "keep-alive": "timeout=600" }).end());
    });
    server.on("connection", () => (made += 1));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    closing.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    const { port } = server.address() as AddressInfo;
    return {
      url: (host) => `http://127.0.1.${host + 1}:${port}/inbox`,
      made: () => made,
      held: () =>
        new Promise((resolve, reject) =>
          server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
        ),
    };
  }

  function fetcher(options: Parameters<typeof aFetcher>[0] = {}) {
    const one = aFetcher(options);
    closing.unshift(() => one.close());
    return one;
  }

  const letter = { body: "{}", headers: {} };

  it("are kept for what comes next, but never so many that a city runs out of files", async () => {
    const { url, held } = await everywhere();
    const one = fetcher({ limits: { maxKept: 5 } });

    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, host) => one.post(url(host), letter)),
    );
    for (let host = 60; host < 80; host += 1) answers.push(await one.post(url(host), letter));

    expect(answers.every(({ status }) => status === 202)).to.equal(true);
    while ((await held()) > 5) await pause(2);
  });

  it("serve again while there are few", async () => {
    const { url, made } = await everywhere();
    const one = fetcher({ limits: { perHost: 1 } });

    for (let round = 0; round < 3; round += 1) await one.post(url(1), letter);

    expect(made()).to.equal(1);
  });

  it("that this machine has no room for are no fault of the server's", async () => {
    const full = Object.assign(new Error("too many open files"), { code: "EMFILE" });
    const one = fetcher({ resolve: () => Promise.reject(full) });

    const refused = await expectRefused(one.post("http://peer.example/inbox", letter), "no-room");

    expect(refused.isPassing).to.equal(true);
  });
});
