import { once } from "node:events";
import { createServer, request, type OutgoingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { openDoor, type Visit } from "../../src/hosting/web/door.js";
import type { Instance } from "../../src/kit/instance.js";

const valmont = { host: "valmont.example", origin: "https://valmont.example", state: "open" };
const sites: Readonly<Record<string, object>> = {
  "valmont.example": valmont,
  "www.valmont.example": valmont,
  "neuve.example": { ...valmont, host: "neuve.example", state: "new" },
  "calme.example": { ...valmont, host: "calme.example", state: "suspended" },
};

describe("The door of a deployment", () => {
  let server: Server;
  let visits: Visit[];
  let proxied = false;
  let failing = false;

  before(async () => {
    const door = openDoor({
      instances: {
        byHost: async (name) => {
          if (failing) throw new Error("the store is away");
          return (sites[name] as Instance | undefined) ?? null;
        },
      },
      trusts: () => proxied,
      ids: { next: () => "r1" },
      federation: {
        isInbox: (path) => path === "/inbox",
        takeIn: (visit, _req, res) => {
          visits.push(visit);
          res.writeHead(202).end();
        },
        middleware: (_req, _res, next) => next(),
      },
      pages: (_req, res) => void res.writeHead(200).end(),
    });
    server = createServer(door).listen(0);
    await once(server, "listening");
  });
  beforeEach(() => {
    visits = [];
    proxied = false;
    failing = false;
  });
  after(() => server.close());

  /** The status: 202 of the inbox, 200 of the pages. */
  function post(path: string, headers: OutgoingHttpHeaders = {}, method = "POST"): Promise<number> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const sent = request({
        ...{ host: "127.0.0.1", port, path, method, agent: false },
        headers: { host: "valmont.example", ...headers },
      });
      sent.once("response", (res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      });
      sent.once("error", reject);
      sent.end();
    });
  }

  it("gives what is posted to a site's inbox to the network's side, as it was asked for", async () => {
    expect(await post("/inbox?x=1", { host: "VALMONT.example:8080" })).to.equal(202);

    const [visit] = visits;
    expect(visit?.instance.host).to.equal("valmont.example");
    expect(visit?.originalUrl).to.equal("/inbox?x=1");
    expect(visit?.host).to.equal("VALMONT.example:8080");
    expect(visit?.request).to.equal("r1");
  });

  it("leaves everything else to the pages", async () => {
    expect(await post("/inbox", {}, "GET")).to.equal(200);
    expect(await post("/inbox/")).to.equal(200);
    expect(await post("/sign-in")).to.equal(200);
    expect(await post("http://valmont.example/inbox")).to.equal(200);
    expect(visits).to.deep.equal([]);
  });

  for (const [host, why] of [
    ["nowhere.example", "is no site"],
    ["a b", "is no name"],
    ["www.valmont.example", "is another name of a site"],
    ["neuve.example", "is being set up"],
    ["calme.example", "is suspended"],
  ] as const) {
    it(`lets the pages answer for a host that ${why}`, async () => {
      expect(await post("/inbox", { host })).to.equal(200);
      expect(visits).to.deep.equal([]);
    });
  }

  it("believes a proxy about host and client only when it is trusted", async () => {
    const forwarded = { host: "nowhere.example", "x-forwarded-host": "valmont.example, b.example" };

    expect(await post("/inbox", forwarded)).to.equal(200);
    proxied = true;
    expect(await post("/inbox", { ...forwarded, "x-forwarded-for": "9.9.9.9" })).to.equal(202);
    expect(visits[0]?.host).to.equal("valmont.example");
    expect(visits[0]?.ip).to.equal("9.9.9.9");
  });

  it("lets the pages say so when sites cannot be looked up", async () => {
    failing = true;

    expect(await post("/inbox")).to.equal(200);
  });
});
