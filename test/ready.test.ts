import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { root, run, type Outcome } from "./bootstrap/scratch.js";
import { builtChild } from "./support/built.js";

describe("the wait for a server that is started", function () {
  this.timeout(60_000);
  let program: string;
  let server: Server | null = null;
  before(async () => {
    program = await builtChild(new URL("../src/ready.ts", import.meta.url));
  });
  afterEach(() => server?.close());

  /** Waits for a server that answers so; its address is written as people write it. */
  async function waited(seconds: string, answers: RequestListener, HOST = ""): Promise<Outcome> {
    const at = createServer(answers).listen(0, "127.0.0.1");
    server = at;
    await new Promise((resolve) => at.once("listening", resolve));
    const PORT = ` ${(at.address() as AddressInfo).port}\r`;
    return run([program, seconds], root, { PORT, HOST, MONGODB_URL: "" });
  }

  it("ends as soon as it is ready, which a long migration puts off", async () => {
    let times = 0;

    const { code, out } = await waited("50", (req, res) => {
      times += 1;
      res.writeHead(times > 1 && req.url === "/readyz" ? 200 : 503).end();
    });

    expect({ code, out, times }).to.deep.equal({ code: 0, out: "", times: 2 });
  });

  it("says what was wrong when it takes too long", async () => {
    const { code, out } = await waited(
      "0",
      (_req, res) => void res.writeHead(503).end("not ready: store\nmore"),
      "0.0.0.0 ",
    );

    expect(code).to.equal(1);
    expect(out).to.match(
      /^http:\/\/127\.0\.0\.1:\d+\/readyz after 0 seconds: 503 not ready: store\n$/,
    );
  });
});
