import { expect } from "chai";
import { actorUri, city } from "../../src/federation/addresses.js";
import { followersCollection } from "../../src/federation/records.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { createTellLost, lost } from "../../src/drivers/queue/lost.js";
import { loggedOfJob } from "../../src/hosting/outbox.js";
import { aTopic } from "../support/builders.js";
import { aDeployment, type Deployment } from "../support/deployment.js";
import { intercepting } from "../support/faults.js";

interface Line {
  readonly level: number;
  readonly instance?: string;
  readonly instanceId?: string;
  readonly error?: string;
  readonly msg: string;
  readonly request?: string;
  readonly name?: string;
  readonly job?: string;
  readonly route?: string;
}

const host = "valmont.example";
/** How pino writes the level from which on a server logs unless told. */
const info = 30;

describe("The id of a request", function () {
  this.timeout(60_000);
  const lines: string[] = [];
  let the: Deployment;

  before(async () => {
    const send = () => Promise.reject(new Error("451 <camille@mail.example>: try again later"));
    const mailer = { send, check: async () => undefined, close: async () => undefined };
    the = await aDeployment({ lines, mailer });
    await the.city(host);
    const ctx = await the.ctx(host);
    await ctx.collection(followersCollection).insertOne({
      ...{ _id: "f1", actorUri: actorUri(ctx.instance, city), host: "127.0.0.1", linked: true },
      ...{ followerUri: "https://127.0.0.1/actor", target: "https://127.0.0.1/inbox" },
      ...{ followUri: "https://127.0.0.1/follow", at: new Date(0) },
    });
  });
  after(() => the.close());

  it("is found again in the log from the form that was sent to the delivery that comes of it", async () => {
    const topic = await aTopic(await the.ctx(host));
    const camille = await the.signedIn(host, { name: "Camille" });
    const answer = await camille.submit(
      "/proposals/new",
      {
        title: "Des bancs à l’ombre",
        body: "Il fait chaud en juin sur la place.",
        topicId: topic._id,
        place: "",
      },
      "/proposals/new",
    );
    expect(answer.status).to.equal(303);
    const id = String(answer.headers["x-request-id"]);
    await the.settle();

    const all = lines.map((line) => JSON.parse(line) as Line);
    const own = all.filter(({ request }) => request === id);

    expect(own.map(({ route }) => route)).to.include("/proposals/new");
    expect(own.map(({ name }) => name)).to.include("federation.deliver");
    const others = all.filter(({ request, job }) => job !== undefined && request !== id);
    expect(others.map(({ name }) => name)).not.to.include("federation.deliver");
  });

  it("leads from a request to what failed of it, and names the city, where no more than usual is logged", async () => {
    const camille = await the.signedIn(host, { mail: "camille@mail.example" });
    const { headers } = await camille.submit("/forgotten", { mail: "camille@mail.example" });
    await the.settle();
    const all = lines.map((line) => JSON.parse(line) as Line).filter(({ level }) => level >= info);

    const tried = all.find(({ name }) => name === "accounts.reset");
    expect(tried).to.include({
      ...{ msg: "job failed, and is tried again", level: info, instance: host },
      ...{ request: headers["x-request-id"], error: "451 <…>: try again later" },
    });
    const given = all.find(({ name }) => name === "federation.deliver");
    expect(given).to.include({ msg: "job given up", level: 50, instance: host });
    expect(given?.request).to.be.a("string");
    expect(given?.job).to.match(/^deliver\//);
  });

  it("and the city are named alike whether a worker tells of a job or its process is gone", async () => {
    const { instance } = await the.ctx(host);
    const all = lines.map((line) => JSON.parse(line) as Line);
    const given = all.find(({ msg }) => msg === "job given up");
    const gone: object[] = [];
    const log = { warn: () => undefined, error: (fields: object) => void gone.push(fields) };
    const data = { instanceId: instance._id, payload: {}, request: given?.request };

    createTellLost(log, loggedOfJob)({ queue: "default", id: "a", name: "b", data, tries: 1 });

    const whose = { instanceId: instance._id, request: given?.request };
    expect(given).to.include({ ...whose, instance: host });
    expect(gone).to.have.length(1);
    expect(gone[0]).to.include({ ...whose, job: "a", error: lost });
  });

  it("leads to nobody: no line has an IP address, a password or the address of a page", () => {
    const log = lines.join("");

    expect(log).not.to.contain("une longue phrase");
    expect(log).not.to.match(/"(?:ip|url|remoteAddress)"|@mail\.example/);
    expect(log).not.to.contain("/proposals/1");
  });
});

describe("What goes wrong in one of many cities", function () {
  this.timeout(20_000);
  const lines: string[] = [];
  let isBroken = false;
  let the: Deployment;

  const breaks = (collection: string) =>
    intercepting([collection, "findOne"], (call) => {
      if (isBroken) throw new Error("the disk is broken");
      return call();
    });

  before(async () => {
    const broken = ["proposals", "networkSettings"].map(breaks);
    const storeThrough = (store: Store) => broken.reduce((inner, one) => one(inner), store);
    the = await aDeployment({ lines, storeThrough });
    await the.city(host);
    await the.settle();
  });
  after(() => the.close());

  it("is told with the city, where it was and the request, be it a person's or another server's", async () => {
    isBroken = true;
    const visitor = the.browser(host);
    const type = { "Content-Type": "application/activity+json" };

    const page = await visitor.get("/proposals/1");
    const inbox = await visitor.ask("POST", "/inbox", { headers: type, body: "{}" });
    isBroken = false;

    expect([page.status, inbox.status]).to.deep.equal([500, 500]);
    const all = lines.map((line) => JSON.parse(line) as Line & { readonly method?: string });
    const [request, federation] = ["request failed", "federation failed"].map((text) =>
      all.find(({ msg }) => msg === text),
    );
    expect(request).to.include({
      ...{ instance: host, method: "GET", route: "/proposals/:number" },
      request: page.headers["x-request-id"],
    });
    expect(federation).to.include({ instance: host });
  });
});
