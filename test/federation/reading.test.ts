import { expect } from "chai";
import { get } from "node:http";
import { publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createTopic } from "../../src/features/topics/topics.js";
import { aDraft } from "../support/builders.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const AS2 = "application/activity+json";
const LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

async function read(url: string, accept: string | null = AS2): Promise<Response> {
  return fetch(url, { headers: accept === null ? {} : { accept }, redirect: "manual" });
}

async function aProposalIn(town: Town): Promise<string> {
  const topic = await createTopic(town.visitor, { name: "Espaces verts", description: "Parcs" });
  const proposal = await publishProposal(await town.newcomer(), aDraft({ topicId: topic._id }));
  await town.settle();
  return proposal.uri;
}

describe("a reader on another server", function () {
  this.timeout(15_000);
  afterEach(closeTowns);

  it("gets the object or the page by what they ask for (requirement 22)", async () => {
    const town = await aTown();
    const uri = await aProposalIn(town);
    const asked: ReadonlyArray<readonly [string, string]> = [
      [AS2, AS2],
      [LD, AS2],
      [`${LD}, ${AS2}`, AS2],
      [`${AS2}, text/html;q=0.5`, AS2],
      ["text/html", "text/html"],
      [`text/html, ${AS2}`, "text/html"],
      ["*/*", "text/html"],
    ];
    for (const [accept, type] of asked) {
      const answer = await read(uri, accept);
      expect(answer.status, accept).to.equal(200);
      expect(answer.headers.get("content-type"), accept).to.contain(type);
      expect(answer.headers.get("vary"), accept).to.contain("Accept");
    }
    const head = await fetch(uri, { method: "HEAD", headers: { accept: AS2 } });
    expect([head.status, await head.text()]).to.deep.equal([200, ""]);
    expect(head.headers.get("access-control-allow-origin")).to.equal("*");
  });

  it("gets actors and collections by whatever a machine asks for, and a browser the page (requirement 22)", async () => {
    const town = await aTown();
    const uri = await aProposalIn(town);
    const paths = ["/actor", "/actor/instance", "/topics/espaces-verts", "/actor/outbox"];
    for (const path of [...paths, "/actor/followers", "/actor/following"]) {
      expect((await read(town.origin + path)).status, path).to.equal(200);
    }
    for (const accept of ["*/*", "application/json", AS2, null]) {
      const answer = await read(`${uri}/actor`, accept);
      expect(answer.headers.get("content-type"), String(accept)).to.contain(AS2);
    }
    const browser = await read(`${uri}/actor`, "text/html,application/xhtml+xml,*/*;q=0.8");
    expect([browser.status, browser.headers.get("location")]).to.deep.equal([303, "/proposals/1"]);
    const missing = await read(`${town.origin}/proposals/99`);
    expect([missing.status, await missing.json()]).to.deep.equal([404, { error: "not found" }]);
  });

  it("finds every actor by its handle and its addresses, with or without the port", async () => {
    const town = await aTown();
    const uri = await aProposalIn(town);
    const citizen = await consentToNetwork(await town.newcomer());
    const host = new URL(town.origin).host;
    const asked: Readonly<Record<string, string>> = {
      [`acct:valmont@${host}`]: `${town.origin}/actor`,
      "acct:valmont@127.0.0.1": `${town.origin}/actor`,
      [`acct:VALMONT@${host}`]: `${town.origin}/actor`,
      [`acct:${host}@${host}`]: `${town.origin}/actor/instance`,
      [`acct:p1@${host}`]: `${uri}/actor`,
      [`acct:topic_espaces_verts@${host}`]: `${town.origin}/topics/espaces-verts`,
      [`acct:${citizen.handle}@${host}`]: citizen.uri ?? "",
      [uri]: `${uri}/actor`,
      [`${uri}/actor`]: `${uri}/actor`,
      [`${town.origin}/`]: `${town.origin}/actor`,
    };
    for (const [resource, actor] of Object.entries(asked)) {
      const answer = await fetch(
        `${town.origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`,
      );
      expect(answer.status, resource).to.equal(200);
      expect(answer.headers.get("content-type")).to.contain("application/jrd+json");
      const { links, subject } = (await answer.json()) as {
        subject: string;
        links: ReadonlyArray<{ rel: string; type?: string; href?: string }>;
      };
      const self = links.find(({ rel }) => rel === "self");
      expect([self?.type, self?.href], resource).to.deep.equal([AS2, actor]);
      expect(subject).to.match(/^acct:[a-z0-9_.:]+@127\.0\.0\.1:\d+$/);
      const document = (await (await read(actor)).json()) as {
        id: string;
        preferredUsername: string;
      };
      expect(document.id).to.equal(actor);
      expect(subject).to.equal(`acct:${document.preferredUsername}@${host}`);
    }
  });

  it("is told nothing of what they typed when nobody is found (S15)", async () => {
    const town = await aTown();
    for (const [resource, status] of [
      ["acct:<script>alert(1)</script>@127.0.0.1", 404],
      ["acct:valmont@other.example", 404],
      ["https://other.example/actor", 404],
      ["acct:nobody@127.0.0.1", 404],
      ["", 400],
    ] as const) {
      const answer = await fetch(
        `${town.origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`,
      );
      const text = await answer.text();
      expect(answer.status, resource).to.equal(status);
      expect(answer.headers.get("content-type")).to.contain("application/json");
      expect(text).to.not.contain("script");
    }
  });

  it("finds NodeInfo 2.1 and host-meta", async () => {
    const town = await aTown();
    await aProposalIn(town);
    const { links } = (await (await fetch(`${town.origin}/.well-known/nodeinfo`)).json()) as {
      links: ReadonlyArray<{ rel: string; href: string }>;
    };
    const info = (await (await fetch(links[0]?.href ?? "")).json()) as Record<string, unknown>;
    expect(info["version"]).to.equal("2.1");
    expect(info["software"]).to.deep.equal({ name: "parvis", version: "0.1.0" });
    expect(info["usage"]).to.deep.include({ localPosts: 1 });
    const xml = await (await fetch(`${town.origin}/.well-known/host-meta`)).text();
    expect(xml).to.contain("/.well-known/webfinger?resource={uri}");
    const json = await fetch(`${town.origin}/.well-known/host-meta.json`);
    expect(json.headers.get("content-type")).to.contain("jrd+json");
  });

  it("pages through a long discussion, and sees only comments that are on the network", async () => {
    const town = await aTown();
    const uri = await aProposalIn(town);
    const shy = await town.newcomer("Discrète");
    const open = await town.newcomer("Ouverte");
    await consentToNetwork(open);
    const proposalId = (
      await town.visitor
        .collection<{ _id: string }>({ name: "proposals", indexes: [] })
        .findOne({ uri })
    )?._id as string;
    await publishComment(shy, { proposalId, parentId: null, body: "Ici seulement." });
    for (let at = 0; at < 25; at += 1) {
      await publishComment(open, { proposalId, parentId: null, body: `Remarque ${at}` });
    }
    const replies = (await (await read(`${uri}/replies`)).json()) as {
      totalItems: number;
      first: { items: string[]; next: string };
    };
    const second = (await (await read(replies.first.next)).json()) as {
      items: string[];
      next?: string;
    };

    expect(replies.totalItems).to.equal(26);
    expect(replies.first.items.length + second.items.length).to.equal(25);
    expect(second.next).to.equal(undefined);
  });

  it("never gets one of two hundred instances for another (requirement 4)", async () => {
    const town = await aTown();
    const port = Number(new URL(town.origin).port);
    const { createInstances } = await import("../../src/hosting/instances.js");
    const { createIds } = await import("../../src/drivers/clock.js");
    const instances = createInstances(town.store, {
      clock: town.clock,
      ids: createIds(town.clock),
    });
    const names = Array.from({ length: 200 }, (_, at) => `v${at}.localhost`);
    for (const name of names) {
      await instances.create({
        ...{ origin: `http://${name}:${port}`, name, language: "fr", kind: "city" },
        setUpTokenHash: null,
      });
    }
    const ask = (host: string, path: string): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port, path, headers: { host, accept: AS2 } };
        get(options, (res) => {
          let text = "";
          res.on("data", (chunk: Buffer) => (text += chunk.toString()));
          res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
        }).on("error", reject);
      });

    const answers = await Promise.all(
      names.map(async (name) => [name, await ask(`${name}:${port}`, "/actor/outbox")] as const),
    );

    for (const [name, { text }] of answers) {
      expect((JSON.parse(text) as { id: string }).id).to.equal(
        `http://${name}:${port}/actor/outbox`,
      );
    }
    expect((await ask("stranger.example", "/actor")).status).to.equal(421);
  });

  it("is told 405 and 404 in JSON, with neither stack nor page", async () => {
    const town = await aTown();
    const answer = await fetch(`${town.origin}/actor`, { method: "DELETE" });
    expect(answer.status).to.equal(405);
    expect(Object.keys((await answer.json()) as object)).to.deep.equal(["error"]);
    const odd = await read(`${town.origin}/proposals/1/replies?page=%00%22`);
    expect(odd.status).to.equal(404);
  });
});
