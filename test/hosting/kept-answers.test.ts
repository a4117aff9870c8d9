import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { publishComment } from "../../src/features/comments/comments.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createTopic } from "../../src/features/topics/topics.js";
import type { Ctx } from "../../src/kit/index.js";
import { aDeployment, type Browser, type Deployment } from "../support/deployment.js";
import { engineName } from "../support/engine.js";
import { aKeptSite, closeKeptSites, sendKept } from "../support/kept-site.js";

const [a, b] = ["valmont.example", "roche.example"];

describe("Pages kept for visitors", function () {
  this.timeout(30_000);
  let site: Deployment;
  let member: Browser & { memberId: string };
  let as: Ctx;
  let proposalId: string;
  let path: string;
  const reads: string[] = [];

  const counted = (store: Store): Store => ({
    ...store,
    collection: (name) => {
      reads.push(name);
      return store.collection(name);
    },
    // On the servers, a second that passes counts as somebody else's write: here none does.
    changes: engineName === "servers" ? { ...store.changes, elsewhere: () => 0 } : store.changes,
  });
  const get = (where: string, headers = {}, host = a) => site.browser(host).get(where, headers);
  const say = (body: string) => publishComment(as, { proposalId, parentId: null, body });
  /** Which collections were read to answer. */
  async function readFor(answer: () => Promise<unknown>): Promise<string[]> {
    reads.length = 0;
    await answer();
    return reads.filter((name) => name === "proposals" || name === "comments");
  }

  before(async () => {
    site = await aDeployment({ storeThrough: counted });
    await site.city(a, { name: "Valmont" });
    await site.city(b, { name: "Roche", language: "en" });
    member = await site.signedIn(a, { name: "Camille" });
    const { instance } = await site.ctx(a);
    const acting = { _id: member.memberId, name: "Camille", roles: [], language: "fr" } as const;
    as = site.app.contexts({ instance, language: "fr", member: acting });
    const topic = await createTopic(await admin(instance), {
      ...{ name: "Rues", slug: "rues", description: "" },
    });
    const wish = { title: "Un banc devant l’école", body: "Pour attendre assis." };
    const made = await publishProposal(as, { ...wish, topicId: topic._id, place: null });
    [proposalId, path] = [made._id, `/proposals/${made.number}`];
    await site.settle();
  });
  after(() => site.close());

  async function admin(instance: Ctx["instance"]): Promise<Ctx> {
    const acting = { _id: member.memberId, name: "Camille", roles: ["admin"] } as const;
    return site.app.contexts({
      ...{ instance, language: "fr", member: { ...acting, language: "fr" } },
    });
  }

  it("are given again without asking the store, the same to the byte", async () => {
    const first = await get(path);

    const asked = await readFor(async () => {
      const again = await get(path);
      expect(again.text).to.equal(first.text);
      const { date: _, "x-request-id": __, ...headers } = again.headers;
      expect(first.headers).to.include(headers);
    });

    expect(asked).to.deep.equal([]);
    expect(first.text).to.contain("Un banc devant l’école");
  });

  it("stand while something is written that is not on them", async () => {
    await get("/proposals");
    await site.app.drivers.store
      .collection("throttles")
      .insertOne({ _id: "of-nobody", instanceId: "nobody" } as never);

    expect(await readFor(() => get("/proposals"))).to.deep.equal([]);
  });

  it("show a new comment to the next visitor at once", async () => {
    await get(path);
    await say("Et un arbre à côté.");

    expect((await get(path)).text).to.contain("Et un arbre à côté.");
  });

  it("are made anew each minute, since they say how long ago something was", async () => {
    await get("/proposals");
    site.clock.advance(60_000);

    expect(await readFor(() => get("/proposals"))).not.to.deep.equal([]);
  });

  it("follow the name and the colour of their site at once", async () => {
    await get("/proposals");
    const { _id } = (await site.ctx(a)).instance;
    await site.app.instances.update(_id, { name: "Valmont-sur-Orne" });

    expect((await get("/proposals")).text).to.contain("Valmont-sur-Orne");
  });

  it("never go from one site or language to another", async () => {
    const here = await get("/proposals");
    const there = await get("/proposals", {}, b);
    const english = await get("/proposals", { "Accept-Language": "en" });
    const chosen = await get("/proposals", { Cookie: "lang=en" });

    expect(there.text).to.contain("Roche").and.not.contain("banc");
    expect(here.text).to.contain('<html lang="fr"');
    expect(english.text).to.contain('<html lang="en"').and.contain("banc");
    expect(chosen.text).to.equal(english.text);
    expect((await get("/proposals")).text).to.equal(here.text);
  });

  it("are not for members, and a member's page is for nobody else", async () => {
    const visitors = await get(path);
    const mine = await member.get(path);
    const after = await get(path);

    expect(mine.text).to.contain(`action="${path}/comments"`);
    expect(after.text).to.equal(visitors.text).and.not.contain(`action="${path}/comments"`);
  });

  it("are not for whom a message waits for, who alone reads it", async () => {
    const before = await get("/proposals");
    const flash = { kind: "success", key: "square.discussion.deleted" };
    const cookie = { Cookie: `flash=${encodeURIComponent(JSON.stringify(flash))}` };

    const told = await get("/proposals", cookie);

    expect(told.text).not.to.equal(before.text);
    expect(String(told.headers["set-cookie"])).to.contain("flash=;");
    const { text, headers } = await get("/proposals");
    expect([text, headers["set-cookie"]]).to.deep.equal([before.text, undefined]);
  });

  it("give each visitor a form's token of their own", async () => {
    const tokens = await Promise.all([1, 2].map(() => site.browser(a).token("/sign-in")));

    expect(tokens[0]).not.to.equal(tokens[1]);
  });

  it("answer briefly to whoever has them already, and to HEAD without a body", async () => {
    const { headers } = await get(path);
    const has = { "If-None-Match": String(headers.etag) };

    const same = await get(path, has);
    const bare = await site.browser(a).ask("HEAD", path);
    await say("Et de l’ombre.");
    const changed = await get(path, has);

    expect([same.status, same.text]).to.deep.equal([304, ""]);
    expect([bare.status, bare.text]).to.deep.equal([200, ""]);
    expect(bare.headers["content-length"]).to.equal(headers["content-length"]);
    expect(changed.status).to.equal(200);
  });

  it("carry the number of their own request and every header that keeps people safe", async () => {
    const [first, again] = [await get(path), await get(path)];

    expect(first.headers["x-request-id"]).not.to.equal(again.headers["x-request-id"]);
    expect(again.headers["content-security-policy"]).to.contain("default-src 'none'");
    expect(again.headers["cache-control"]).to.equal("private, no-cache");
    expect(again.headers.vary).to.equal(first.headers.vary);
  });

  it("say nothing of what is not found, twice the same way", async () => {
    expect((await get("/proposals/999")).status).to.equal(404);
    expect((await get("/proposals/999")).status).to.equal(404);
  });
});

describe("The memory that kept pages take", function () {
  this.timeout(20_000);
  afterEach(closeKeptSites);

  const asking = (length: number) =>
    aKeptSite({ answer: (_req, res) => sendKept(res, "x".repeat(length)) });

  it("has an end: the pages asked for longest ago make room", async () => {
    const site = await asking(390_000);
    for (let page = 0; page < 45; page++) await site.ask(String(page));
    await site.ask("44");
    expect(site.made.now).to.equal(45);

    await site.ask("0");
    expect(site.made.now).to.equal(46);
  });

  it("is not spent on one huge page or an endless address", async () => {
    const huge = await asking(400_001);
    const small = await asking(10);
    for (const _ of [1, 2]) await huge.ask("1");
    for (const _ of [1, 2]) await small.ask("x".repeat(400));

    expect([huge.made.now, small.made.now]).to.deep.equal([2, 2]);
  });
});
