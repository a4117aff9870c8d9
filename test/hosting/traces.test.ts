import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { actorUri, city } from "../../src/federation/addresses.js";
import { followersCollection } from "../../src/federation/records.js";
import { aTopic } from "../support/builders.js";
import { aCollector, type CollectedSpan, type Collector } from "../support/collector.js";
import { aDeployment, type Deployment } from "../support/deployment.js";

const host = "valmont.example";
const loaded = (): string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((path) =>
    path.includes("@opentelemetry"),
  );

describe("The traces of a deployment", function () {
  this.timeout(60_000);
  let collector: Collector;
  let peer: Server;
  const heard: IncomingHttpHeaders[] = [];
  const lines: string[] = [];
  let requestId = "";

  /** A citizen publishes a proposal that goes to a follower on another server; then the process stops. */
  before(async () => {
    const plain = await aDeployment();
    await plain.close();
    expect(loaded(), "loaded without being asked for").to.deep.equal([]);
    collector = await aCollector();
    peer = createServer((req, res) => {
      heard.push(req.headers);
      req.resume().on("end", () => res.writeHead(202).end());
    }).listen(0, "127.0.0.1");
    await once(peer, "listening");
    const the = await aDeployment({
      lines,
      env: {
        ...{ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`, OTEL_SERVICE_NAME: "valmont" },
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20une-clef",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=essai",
        FEDERATION_PRIVATE_ADDRESSES: "true",
      },
    });
    await publish(the);
    await the.close();
  });
  after(async () => {
    peer.close();
    peer.closeAllConnections();
    await collector.close();
  });

  async function publish(the: Deployment): Promise<void> {
    await the.city(host);
    const ctx = await the.ctx(host);
    const { port } = peer.address() as AddressInfo;
    const there = `http://127.0.0.1:${port}`;
    await ctx.collection(followersCollection).insertOne({
      ...{ _id: "f1", actorUri: actorUri(ctx.instance, city), host: `127.0.0.1:${port}` },
      ...{ followerUri: `${there}/actor`, target: `${there}/inbox`, linked: true },
      ...{ followUri: `${there}/follow`, at: new Date(0) },
    });
    const topic = await aTopic(ctx);
    const camille = await the.signedIn(host, { name: "Camille" });
    const proposal = {
      ...{ title: "Des bancs à l’ombre", body: "Il fait chaud en juin sur la place." },
      ...{ topicId: topic._id, place: "" },
    };
    const answer = await camille.submit("/proposals/new", proposal, "/proposals/new");
    expect(answer.status).to.equal(303);
    requestId = String(answer.headers["x-request-id"]);
    await the.browser(host).get("/proposals/1?token=secret-of-camille", {
      traceparent: "00-11111111111111111111111111111111-2222222222222222-01",
    });
    await the.browser(host).get("/healthz");
    await the.settle();
  }

  const named = (name: string): CollectedSpan[] =>
    collector.spans.filter((span) => span.name === name);
  const posted = (): CollectedSpan => {
    const found = named("POST /proposals/new").at(-1);
    if (found === undefined) throw new Error("the request left no span");
    return found;
  };
  const parentOf = (span: CollectedSpan): CollectedSpan | undefined =>
    collector.spans.find(({ spanId }) => spanId === span.parentSpanId);

  it("reach the collector whole, with its key and the deployment's name, before the process ends", () => {
    expect(collector.spans.length).to.be.greaterThan(20);
    expect(collector.headers[0]).to.include({ authorization: "Bearer une-clef" });
    expect(collector.resources[0]).to.include({
      ...{ "service.name": "valmont", "deployment.environment.name": "essai" },
      "parvis.role": "all",
    });
    expect(loaded()).to.not.deep.equal([]);
    expect(lines.join("")).to.not.include("une-clef").and.not.include("traces are lost");
  });

  it("lead from a form that was sent through the jobs that come of it to the delivery", () => {
    const request = posted();
    const [delivery] = named("fetch POST");

    expect(request.attributes).to.include({
      ...{ "http.request.method": "POST", "http.route": "/proposals/new" },
      ...{ "http.response.status_code": 303, "parvis.request_id": requestId },
      "parvis.instance": host,
    });
    expect(request.parentSpanId ?? "").to.equal("");
    expect(delivery?.traceId).to.equal(request.traceId);
    expect(delivery?.attributes).to.include({ "http.response.status_code": 202 });
    const names: string[] = [];
    for (let span = delivery; span !== undefined; span = parentOf(span)) names.push(span.name);
    expect(names[1]).to.equal("job federation.deliver");
    expect(names.at(-1)).to.equal("POST /proposals/new");
    const jobs = collector.spans.filter(
      ({ traceId, name }) => traceId === request.traceId && name.startsWith("job "),
    );
    for (const { attributes } of jobs) {
      expect(attributes).to.include({ "parvis.request_id": requestId, "parvis.instance": host });
    }
  });

  it("tell what the store was asked within each, and nothing of it on its own", () => {
    const calls = collector.spans.filter(({ attributes }) => "db.operation.name" in attributes);
    const own = calls.filter((span) => parentOf(span)?.spanId === posted().spanId);

    expect(own.map(({ name }) => name)).to.include.members([
      ...["insertOne intents", "insertOne proposals"],
    ]);
    for (const call of calls) expect(parentOf(call), call.name).to.not.equal(undefined);
    expect(named("GET (operation)")).to.deep.equal([]);
  });

  it("tell nothing of people: no address, name, text, or server of others", () => {
    const { port } = peer.address() as AddressInfo;

    expect(named("GET /proposals/:number").length).to.be.greaterThan(0);
    const text = collector.text();
    for (const word of [
      "secret-of-camille",
      "Camille",
      "bancs",
      "chaud",
      "127.0.0.1",
      "mail.example",
    ]) {
      expect(text).to.not.include(word);
    }
    expect(text).to.not.include(String(port)).and.not.include("/proposals/1");
  });

  it("are neither taken from visitors nor given to other servers", () => {
    expect(collector.text()).to.not.include("1".repeat(32));
    expect(heard.length).to.be.greaterThan(0);
    for (const headers of heard) {
      expect(headers).to.not.have.any.keys("traceparent", "tracestate", "baggage");
    }
  });

  it("are as many as the sampler lets through", async () => {
    const other = await aCollector();
    const the = await aDeployment({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: other.endpoint, OTEL_TRACES_SAMPLER: "always_off" },
    });
    await the.city(host);

    const answer = await the.browser(host).get("/");
    await the.close();
    await other.close();

    expect(answer.status).to.equal(200);
    expect(other.spans).to.deep.equal([]);
  });

  it("may be lost without a page noticing it, and the log tells that and no more", async () => {
    const refusing = createServer((req, res) => {
      req.resume().on("end", () => res.writeHead(401).end("no such key: une-clef"));
    }).listen(0, "127.0.0.1");
    await once(refusing, "listening");
    const { port } = refusing.address() as AddressInfo;
    const told: string[] = [];

    const { status } = await openTheFrontPage(`http://127.0.0.1:${port}`, told);
    refusing.close();
    refusing.closeAllConnections();

    expect(status).to.equal(200);
    const lost = told.filter((line) => line.includes("traces are lost"));
    expect(lost).to.have.length(1);
    expect(told.join("")).to.not.include(String(port)).and.not.include("une-clef");
  });

  it("hold up the end of the process for a few seconds only when nobody takes them", async () => {
    const gone = await aCollector();
    await gone.close();

    const { status, closingMs } = await openTheFrontPage(gone.endpoint, []);

    expect(status).to.equal(200);
    // The exporter alone would go on trying for ten seconds.
    expect(closingMs).to.be.lessThan(9_500);
  });

  async function openTheFrontPage(
    endpoint: string,
    told: string[],
  ): Promise<{ readonly status: number; readonly closingMs: number }> {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    const the = await aDeployment({ lines: told, env });
    await the.city(host);
    const { status } = await the.browser(host).get("/");
    const began = performance.now();
    await the.close();
    return { status, closingMs: performance.now() - began };
  }
});
