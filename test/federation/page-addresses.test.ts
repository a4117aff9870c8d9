import { expect } from "chai";
import { publishComment, deleteComment } from "../../src/features/comments/comments.js";
import { consentToNetwork, leaveNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { receiveProposal } from "../../src/features/proposals/receiving.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import { createTopic } from "../../src/features/topics/topics.js";
import { aDraft, aReceivedProposal } from "../support/builders.js";
import { aSite, type Site } from "../support/site.js";

const AS2 = "application/activity+json";
const LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/** As a cache asks: without these two, `fetch` would ask for a fresh copy. */
function unlessChanged(etag: string): Record<string, string> {
  return { "if-none-match": etag, "cache-control": "max-age=0", pragma: "none" };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Told {
  readonly site: Site;
  /** Path → id of what it is as an object; null: people have a page, and there is no object. */
  readonly pages: ReadonlyMap<string, string | null>;
  readonly gone: readonly string[];
  readonly only: readonly string[];
}

async function aTownOfPages(): Promise<Told> {
  const site = await aSite();
  const { url } = site.instance;
  const topic = await createTopic(site.ctx, { name: "Espaces verts", description: "Parcs" });
  const known = async (name: string, ...roles: Array<"official">) => {
    const { member } = await site.signedIn(name, ...roles);
    return { ...site.as(member), member };
  };
  const [open, shy, mayor, leaver] = [
    await known("Ouverte"),
    await known("Discrète"),
    await known("Adjointe", "official"),
    await known("Partie"),
  ];
  const citizen = await consentToNetwork(open);
  const proposal = await publishProposal(shy, aDraft({ topicId: topic._id }));
  const under = { proposalId: proposal._id, parentId: null };
  const said = await publishComment(open, { ...under, body: "Oui." });
  const kept = await publishComment(shy, { ...under, body: "Ici seulement." });
  const deleted = await publishComment(open, { ...under, body: "Non." });
  await deleteComment(open, deleted._id);
  const left = await consentToNetwork(leaver);
  await leaveNetwork(leaver);
  const response = await publishResponse(mayor, {
    ...{ proposalId: proposal._id, office: "Voirie", decision: "accepted", body: "D’accord." },
    milestones: [],
  });
  const linked = await receiveProposal(site.ctx, aReceivedProposal());
  await site.later(0);
  const shyPerson = await site.ctx
    .collection<{ _id: string; handle: string }>({ name: "people", indexes: [] })
    .findOne({ _id: shy.member._id });
  const paths = (id: string | null, ...of: string[]) => of.map((path) => [path, id] as const);
  const number = `/proposals/${proposal.number}`;
  return {
    site,
    pages: new Map([
      ...paths(url("/actor"), "/", "/?utm_source=mail", "/about", "/about/"),
      ...paths(proposal.uri, number, `${number}/`, `${number}?thread=${said._id}&lang=xx`),
      ...paths(said.uri, `/comments/${said._id}`, `/comments/${said._id}/?from=mail`),
      ...paths(response.uri, `/responses/${response._id}`, `/responses/${response._id}/`),
      ...paths(url("/topics/espaces-verts"), "/topics/espaces-verts", "/topics/espaces-verts/?a=b"),
      ...paths(citizen.uri, `/people/${citizen.handle}`, `/people/${citizen.handle}?from=mail`),
      ...paths(linked.uri, `/proposals/linked/${linked._id}`),
      ...paths(null, "/proposals", "/topics", "/responses", "/sign-in"),
      ...paths(null, `/comments/${kept._id}`, `/people/${shyPerson?.handle}`),
    ]),
    gone: [`/comments/${deleted._id}`, `/people/${left.handle}`],
    only: ["/actor/outbox", `${number}/replies`, `${number}/context`],
  };
}

describe("every address that somebody may paste", function () {
  this.timeout(20_000);
  let told: Told;
  before(async () => (told = await aTownOfPages()));
  after(() => told.site.close());

  const ask = (path: string, accept: string | null, asked: Asked = {}) =>
    fetch(told.site.origin + path, {
      ...{ redirect: "manual", method: asked.method ?? "GET" },
      headers: { ...asked.headers, ...(accept === null ? {} : { accept }) },
    });

  /** As a server does that looks up what a person pasted. */
  async function resolve(path: string, accept: string): Promise<string> {
    const answer = await ask(path, accept);
    expect(answer.headers.get("access-control-allow-origin"), path).to.equal("*");
    expect(answer.headers.get("vary"), path).to.contain("Accept");
    if (answer.status === 303) return answer.headers.get("location") ?? "";
    expect(answer.status, path).to.equal(200);
    expect(answer.headers.get("content-type"), path).to.contain(AS2);
    return ((await answer.json()) as { id: string }).id;
  }

  it("is its object for other servers, with a query, a slash or without", async () => {
    for (const [path, id] of told.pages) {
      if (id === null) continue;
      expect(await resolve(path, AS2), path).to.equal(id);
      expect(await resolve(path, `${LD}, ${AS2}`), path).to.equal(id);
    }
  });

  it("is a page for people, which names the object where there is one", async () => {
    for (const [path, id] of told.pages) {
      for (const accept of [browser, "*/*", null]) {
        const answer = await ask(path, accept);
        const link = answer.headers.get("link") ?? "";
        expect(answer.headers.get("vary"), path).to.contain("Accept");
        if (answer.status === 200) {
          const html = await answer.text();
          expect(answer.headers.get("content-type"), path).to.contain("text/html");
          const tag = `<link rel="alternate" type="${AS2}" href="`;
          expect(html.split(tag)).to.have.length(id === null ? 1 : 2);
        } else expect(answer.status, path).to.equal(303);
        const wanted = id === null ? "" : `<${id}>; rel="alternate"; type="${AS2}"`;
        expect(link, `${path} ${String(accept)}`).to.equal(wanted);
      }
    }
  });

  it("is told as the object, or refused with 406, to who asks for JSON, and never as a page (requirement 22)", async () => {
    for (const [path, id] of told.pages) {
      const answer = await ask(path, "application/json");
      const type = answer.headers.get("content-type") ?? "";
      const found = answer.status === 200 ? ((await answer.json()) as { id: string }).id : null;

      expect(type, path).not.to.contain("text/html");
      if (id === null) expect(answer.status, path).to.equal(406);
      else if (found === null) expect(answer.status, path).to.equal(303);
      else expect([found, type], path).to.deep.equal([id, `${AS2}; charset=utf-8`]);
    }
    for (const path of ["/topics", "/proposals", "/responses"]) {
      const answer = await ask(path, "application/json");
      const { available } = (await answer.json()) as { available: string[] };
      expect([answer.status, available], path).to.deep.equal([406, ["text/html"]]);
      expect(answer.headers.get("vary"), path).to.contain("Accept");
    }
  });

  it("names it still when the page is given again from memory", async () => {
    const path = [...told.pages.keys()].find((one) => /^\/proposals\/\d+$/.test(one)) ?? "";
    const first = await ask(path, browser);
    const etag = first.headers.get("etag") ?? "";
    const again = await ask(path, browser, { headers: unlessChanged(etag) });

    expect(again.status).to.equal(304);
    expect(again.headers.get("link")).to.equal(first.headers.get("link"));
    expect(again.headers.get("vary")).to.equal(first.headers.get("vary"));
  });

  it("is refused with 406 where neither is what was asked for", async () => {
    for (const [path, id] of told.pages) {
      expect((await ask(path, "image/png")).status, path).to.be.oneOf([406, 303]);
      if (id === null) expect((await ask(path, AS2)).status, path).to.equal(406);
    }
    for (const path of told.only) {
      for (const accept of ["image/png", "text/html"]) {
        const answer = await ask(path, accept);
        expect([answer.status, Object.keys((await answer.json()) as object)], path).to.deep.equal([
          406,
          ["error"],
        ]);
      }
      expect((await ask(path, "application/json")).status, path).to.equal(200);
    }
  });

  it("answers HEAD as it answers GET, without the body", async () => {
    const asked = [...told.pages.keys(), ...told.only, ...told.gone];
    for (const path of asked) {
      for (const accept of [AS2, browser]) {
        const [get, head] = [await ask(path, accept), await ask(path, accept, { method: "HEAD" })];
        expect(head.status, `${path} ${accept}`).to.equal(get.status);
        expect(await head.text()).to.equal("");
        for (const name of ["content-type", "content-length", "vary", "link", "location"]) {
          expect(head.headers.get(name), `${path} ${name}`).to.equal(get.headers.get(name));
        }
        await get.text();
      }
    }
  });

  it("says 410 with a Tombstone of what was deleted, and 404 of what never was", async () => {
    for (const path of told.gone) {
      const answer = await ask(path, AS2);
      const { type, id } = (await answer.json()) as { type: string; id: string };
      expect([answer.status, type], path).to.deep.equal([410, "Tombstone"]);
      expect(id).to.equal(told.site.origin + path);
    }
    for (const path of ["/proposals/99", "/topics/rien", "/people/nobody", "/proposals/99/"]) {
      const answer = await ask(path, AS2);
      expect(answer.status === 303 ? 404 : answer.status, path).to.equal(404);
    }
  });

  it("is told again only when it has changed", async () => {
    for (const path of ["/actor", ...told.only, "/proposals/1"]) {
      const etag = (await ask(path, AS2)).headers.get("etag") ?? "";
      const again = await ask(path, AS2, { headers: unlessChanged(etag) });
      expect([again.status, etag === ""], path).to.deep.equal([304, false]);
    }
  });

  it("may be read by any site's script, preflight included", async () => {
    const asked = [...told.pages].flatMap(([path, id]) => (id === null ? [] : [path]));
    for (const path of [...asked, ...told.only, "/.well-known/webfinger", "/nodeinfo/2.1"]) {
      const headers = { origin: "https://a.example", "access-control-request-method": "GET" };
      const answer = await ask(path, null, { method: "OPTIONS", headers });
      expect(answer.status, path).to.equal(204);
      expect(answer.headers.get("access-control-allow-origin"), path).to.equal("*");
      expect(answer.headers.get("access-control-allow-methods"), path).to.contain("GET");
    }
  });

  it("gives no page of a collection for a cursor that is none", async () => {
    const odd = ["page=1", "page=-1", "page=a&page=b", `page=${"z".repeat(5_000)}`];
    for (const path of told.only) {
      for (const query of [...odd, "page=%00"]) {
        expect((await ask(`${path}?${query}`, AS2)).status, `${path} ${query}`).to.equal(404);
      }
    }
    for (const path of ["/actor/followers", "/proposals/1/likes", "/proposals/1/shares"]) {
      expect((await ask(`${path}?page=`, AS2)).status, path).to.equal(404);
    }
    const beyond = await ask(`/proposals/1/replies?page=${"z".repeat(26)}`, AS2);
    const { items, next } = (await beyond.json()) as { items: unknown[]; next?: string };
    expect([beyond.status, items, next]).to.deep.equal([200, [], undefined]);
  });
});
