import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { pino } from "pino";
import { errorHandler } from "../../src/hosting/web/error-page.js";
import { stateOf } from "../../src/hosting/web/state.js";
import { Refusal } from "../../src/kit/refusal.js";

/** Answers one request by failing with `error`; gives the status and what was logged as an error. */
async function failing(error: Error): Promise<{ status: number; logged: string[] }> {
  const logged: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void logged.push(line) });
  const app = express();
  app.use((_req, res, next) => {
    Object.assign(stateOf(res), { log });
    next(error);
  });
  app.use(errorHandler((_req, res) => void res.send("page")));
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { status } = await fetch(`http://127.0.0.1:${port}/`);
  server.close();
  return { status, logged };
}

describe("what goes wrong with a request", () => {
  it("is an error in the operator's log when it is ours, without a particular for the reader", async () => {
    const { status, logged } = await failing(new Error("the disk is full"));

    expect(status).to.equal(500);
    expect(logged.join()).to.contain("the disk is full");
  });

  it("alarms nobody when a site is suspended or waits for its set-up", async () => {
    expect(await failing(new Refusal("unavailable"))).to.deep.equal({ status: 503, logged: [] });
    expect(await failing(new Refusal("being-set-up"))).to.deep.equal({ status: 503, logged: [] });
  });
});
