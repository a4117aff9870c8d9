import { expect } from "chai";
import fc from "fast-check";
import { censusCollection, takeCensus, usageOf } from "../../src/federation/discovery/census.js";
import { finger } from "../../src/federation/discovery/webfinger.js";
import { commentsCollection, publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork, erasePerson, newPerson } from "../../src/features/people/people.js";
import { publishProposal, withdrawProposal } from "../../src/features/proposals/publishing.js";
import { createInstances } from "../../src/hosting/instances.js";
import { createIds } from "../../src/drivers/clock.js";
import type { Ctx, InstanceRecord } from "../../src/kit/index.js";
import { aDraft } from "../support/builders.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

interface Jrd {
  readonly subject: string;
  readonly links: ReadonlyArray<{ readonly rel: string; readonly type?: string; href?: string }>;
}

async function ask(town: Town, query: string): Promise<{ status: number; jrd: Jrd; type: string }> {
  const answer = await fetch(`${town.origin}/.well-known/webfinger?${query}`);
  const jrd = (await answer.json()) as Jrd;
  return { status: answer.status, jrd, type: answer.headers.get("content-type") ?? "" };
}

const of = (resource: string): string => `resource=${encodeURIComponent(resource)}`;

describe("finding somebody of a town", function () {
  this.timeout(20_000);
  afterEach(closeTowns);

  it("works by every name of the town, in any case, and gives the one true one", async () => {
    const town = await aTown();
    const host = new URL(town.origin).host;
    const row = { _id: town.instance._id };
    const aliases = ["www.valmont.example"];
    await town.store.collection<InstanceRecord>("instances").updateOne(row, { $set: { aliases } });
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const asked: Readonly<Record<string, string>> = {
      "acct:valmont@www.valmont.example": "valmont",
      "ACCT:VALMONT@WWW.Valmont.Example.": "valmont",
      "@valmont@www.valmont.example": "valmont",
      "https://www.valmont.example/": "valmont",
      "https://www.valmont.example/proposals/1": "p1",
      "https://www.valmont.example/proposals/1/actor": "p1",
      [`acct:P1@${host}`]: "p1",
      [`acct:127.0.0.1@${host}`]: "127.0.0.1",
    };
    for (const [resource, handle] of Object.entries(asked)) {
      const { status, jrd, type } = await ask(town, of(resource));
      expect(status, resource).to.equal(200);
      expect(jrd.subject, resource).to.equal(`acct:${handle}@${host}`);
      expect(type).to.contain("application/jrd+json");
    }
  });

  it("gives a picture, and only the kinds of links that are asked for", async () => {
    const town = await aTown();
    const resource = of(`${town.origin}/`);

    const all = await ask(town, resource);
    const some = await ask(
      town,
      `${resource}&rel=self&rel=http%3A%2F%2Fwebfinger.net%2Frel%2Favatar`,
    );

    const avatar = all.jrd.links.find(({ rel }) => rel.endsWith("/avatar"));
    expect(avatar).to.include({ type: "image/png", href: `${town.origin}/icons/city-195.png` });
    expect(all.jrd.links.map(({ rel }) => rel)).to.include(
      "http://ostatus.org/schema/1.0/subscribe",
    );
    expect(some.jrd.links).to.have.length(2);
    expect((await ask(town, `${resource}&rel=nothing`)).jrd.links).to.deep.equal([]);
  });

  it("finds nobody who is not there, and falls for no trick", async () => {
    const town = await aTown();
    const host = new URL(town.origin).host;
    const nobody = [
      ...[
        `acct:nobody@${host}`,
        `acct:p9@${host}`,
        `acct:topic_x@${host}`,
        "acct:valmont@evil.example",
      ],
      ...[`https://evil.example/actor`, `${town.origin}.evil.example/actor`, `acct:@${host}`],
      ...[`http://u:p@${host}/actor`, `acct:valmont@${host}@evil.example`, "acct:", "mailto:a@b.c"],
      ...[`acct:__proto__@${host}`, `acct:constructor@${host}`, "https://", "javascript:alert(1)"],
      ...[`acct:valmont%00@${host}`, `acct:\u0430@${host}`, `${town.origin}/people/..%2factor`],
    ];
    for (const resource of nobody)
      expect((await ask(town, of(resource))).status, resource).to.equal(404);
    const broken = [
      "",
      "resource=",
      "resource=a&resource=b",
      of("x".repeat(3_000)),
      "resource[x]=1",
    ];
    for (const query of broken) expect((await ask(town, query)).status, query).to.equal(400);
  });

  it("never fails, whatever is asked", async () => {
    const town = await aTown();
    const parts = fc.constantFrom(
      "acct:",
      "@",
      town.origin,
      "/actor",
      "valmont",
      "p",
      ":",
      "%",
      "/",
    );
    const text = fc.array(fc.oneof(parts, fc.string({ unit: "binary" })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(text, async (pieces) => {
        const answer = await finger(town.visitor, pieces.join(""));
        expect(["found", "gone", "unknown", "malformed"]).to.include(answer.kind);
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  it("keeps a handle for ever once the town is open", async () => {
    const town = await aTown();
    const instances = createInstances(town.store, {
      clock: town.clock,
      ids: createIds(town.clock),
    });

    const changed = await instances.update(town.instance._id, { handle: "autre" });

    expect(changed).to.equal(null);
    expect((await instances.byId(town.instance._id))?.handle).to.equal("valmont");
    const set = { state: "new", setUpTokenHash: "x" } as const;
    await instances.update(town.instance._id, set);
    expect((await instances.update(town.instance._id, { handle: "autre" }))?.handle).to.equal(
      "autre",
    );
  });
});

describe("how many take part in a town", function () {
  this.timeout(20_000);
  afterEach(closeTowns);

  async function peopled(town: Town, members: number): Promise<void> {
    for (let at = 0; at < members; at += 1) {
      await newPerson(town.visitor, { _id: `m${at}`, name: "Camille" });
    }
  }

  it("is told at once of a new town, and in full after one walk of a small one", async () => {
    const town = await aTown();
    const author: Ctx = await town.newcomer();
    const proposal = await publishProposal(author, aDraft());
    await publishProposal(author, aDraft({ title: "Une autre idée pour la place" }));
    await publishComment(author, { proposalId: proposal._id, parentId: null, body: "Oui." });
    await withdrawProposal(author, 2);
    const nodeInfo = async (): Promise<unknown> => {
      const answer = await fetch(`${town.origin}/nodeinfo/2.1`);
      return ((await answer.json()) as { usage: unknown }).usage;
    };
    const usage = { users: { total: 1 }, localPosts: 2, localComments: 1 };
    expect(await nodeInfo()).to.deep.equal(usage);

    const another = await town.newcomer("Alix");
    await consentToNetwork(another);
    await erasePerson(town.visitor, (await town.newcomer("Noa")).member._id);
    expect(await nodeInfo()).to.deep.equal(usage);
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.census");
    await job?.run(town.visitor, {}, { number: 1, of: 1 });

    expect(await nodeInfo()).to.deep.equal({ ...usage, users: { total: 2 } });
  });

  it("is counted a piece at a time, so that no run costs more as the town grows", async () => {
    let read = 0;
    const town = await aTown({
      storeThrough: (store) => ({
        ...store,
        collection: ((name: string) => {
          const rows = store.collection(name);
          if (name !== "people") return rows;
          return new Proxy(rows, {
            get: (target, key) => {
              if (key !== "find") return Reflect.get(target, key) as unknown;
              return (filter: object, options: { limit?: number }) => {
                read += options.limit ?? Number.POSITIVE_INFINITY;
                return target.find(filter, options as never);
              };
            },
          });
        }) as typeof store.collection,
      }),
    });
    await peopled(town, 25);
    const people = async (): Promise<number> => (await usageOf(town.visitor)).people;
    await takeCensus(town.visitor, 10);
    expect(read).to.equal(10);
    expect(await people()).to.equal(10);
    await takeCensus(town.visitor, 10);
    expect(await people()).to.equal(20);
    await takeCensus(town.visitor, 10);
    expect(await people()).to.equal(25);

    await erasePerson(town.visitor, "m3");
    for (let run = 0; run < 2; run += 1) await takeCensus(town.visitor, 10);
    expect(await people()).to.equal(25);
    await takeCensus(town.visitor, 10);
    expect(await people()).to.equal(24);
    expect(read).to.equal(60);
  });

  it("is not counted twice by two who count at once", async () => {
    const town = await aTown();
    await peopled(town, 25);

    await Promise.all([1, 2, 3].map(() => takeCensus(town.visitor, 10)));
    for (let run = 0; run < 4; run += 1) await takeCensus(town.visitor, 10);

    const counted = town.visitor.collection(censusCollection);
    const row = await counted.findOne({ _id: `${town.instance._id}/people` });
    expect(row?.total).to.equal(25);
    expect(await town.visitor.collection(commentsCollection).countDocuments({})).to.equal(0);
  });
});
