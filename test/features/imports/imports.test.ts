import { expect } from "chai";
import { commentsCollection } from "../../../src/features/comments/comments.js";
import type { Comment } from "../../../src/features/comments/comment.js";
import { importProposals, type ImportReport } from "../../../src/features/imports/imports.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { listProposals } from "../../../src/features/proposals/listing.js";
import {
  proposalsCollection,
  proposalByNumber,
} from "../../../src/features/proposals/proposals.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { responses } from "../../../src/features/responses/responses.feature.js";
import { responsesCollection } from "../../../src/features/responses/responses.js";
import { createTopic, topics } from "../../../src/features/topics/topics.js";
import type { Store } from "../../../src/drivers/store/collection.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aCity, civicFeatures, closeCities, type City } from "../../support/city.js";

interface Said {
  id: number;
  parent: number | null;
  author: string;
  body: string;
  createdAt: string;
}

function said(id: number, parent: number | null, change: Partial<Said> = {}): Said {
  const createdAt = `2016-03-01T10:${String(id % 60).padStart(2, "0")}:00Z`;
  return { id, parent, author: `citizen-${id}`, body: `<p>Parole ${id}</p>`, createdAt, ...change };
}

function aRow(code: string, change: object = {}): object {
  return {
    code,
    title: `Proposition ${code}`,
    body: "Plus de bancs à l’ombre.",
    category: "Bon viure",
    subcategory: "Esports",
    district: "Gràcia",
    status: "accepted",
    createdAt: "2016-02-01T12:00:00Z",
    author: "citizen-1",
    supports: 17,
    comments: [],
    ...change,
  };
}

async function* written(...rows: Array<object | string>): AsyncGenerator<string> {
  for (const row of rows) yield typeof row === "string" ? row : JSON.stringify(row);
}

const features = [...civicFeatures, responses];

async function importInto(ctx: Ctx, ...rows: Array<object | string>): Promise<ImportReport> {
  return importProposals(ctx, written(...rows), { source: "pam" });
}

/** Everything an import leaves, as far as a reader can tell. */
async function stateOf({ visitor }: City): Promise<unknown> {
  const read = async (def: Parameters<Ctx["collection"]>[0]): Promise<unknown[]> => {
    const rows = await visitor.collection(def).find({}).toArray();
    const plain = rows.map((row) => ({ ...row, number: 0, uri: "", instanceId: "" }));
    return plain.sort((a, b) => (a._id < b._id ? -1 : 1));
  };
  return {
    proposals: await read(proposalsCollection),
    comments: await read(commentsCollection),
    responses: await read(responsesCollection),
    people: await read(peopleCollection),
  };
}

async function comment(ctx: Ctx, id: number): Promise<Comment> {
  const found = await ctx
    .collection(commentsCollection)
    .findOne({ importKey: `pam/comment-${id}` });
  if (found === null) throw new Error(`comment ${id} is not there`);
  return found;
}

describe("bringing in proposals from another site", () => {
  afterEach(closeCities);

  it("keeps the proposal, its supports, its discussion and the town hall's answer", async () => {
    const { visitor } = await aCity({ features });

    const report = await importInto(
      visitor,
      aRow("A-1", { comments: [said(5, null), said(6, 5)] }),
    );

    expect(report).to.deep.include({ proposals: 1, comments: 2, responses: 1, supports: 17 });
    const [proposal] = (await listProposals(visitor, { sort: "recent", limit: 5 })).items;
    expect(proposal).to.deep.include({ title: "Proposition A-1", number: 1, status: "accepted" });
    expect(proposal?.counts).to.deep.include({ supports: 17, supportsBefore: 17, comments: 2 });
    expect(proposal?.publishedAt.toISOString()).to.equal("2016-02-01T12:00:00.000Z");
    expect(proposal?.movedAt.toISOString()).to.equal("2016-03-01T10:06:00.000Z");
    expect((await topics(visitor)).map((t) => [t.name, t.proposalCount])).to.deep.equal([
      ["Esports", 1],
    ]);
    const answer = await comment(visitor, 6);
    expect(answer.parentId).to.equal((await comment(visitor, 5))._id);
    expect(answer).to.deep.include({ depth: 1, body: "Parole 6" });
  });

  it("changes nothing when the same file comes a second time", async () => {
    const city = await aCity({ features });
    const rows = [aRow("A-1", { comments: [said(5, null), said(6, 5)] }), aRow("A-2")];
    await importInto(city.visitor, ...rows);
    const before = await stateOf(city);

    const report = await importInto(city.visitor, ...rows);

    expect(report).to.deep.include({ proposals: 0, comments: 0, responses: 0, known: 2 });
    expect(await stateOf(city)).to.deep.equal(before);
  });

  it("gives the same state when two runs are at it at the same time", async () => {
    const city = await aCity({ features });
    const rows = [aRow("A-1", { comments: [said(5, null), said(6, 5)] }), aRow("A-2")];

    await Promise.all([importInto(city.visitor, ...rows), importInto(city.visitor, ...rows)]);

    const both = (await stateOf(city)) as Record<string, unknown[]>;
    expect(both["proposals"]).to.have.length(2);
    expect(both["comments"]).to.have.length(2);
    const answer = await comment(city.visitor, 6);
    const { proposalId } = answer;
    const there = await city.visitor.collection(proposalsCollection).findOne({ _id: proposalId });
    expect(there?.importKey).to.equal("pam/A-1");
  });

  it("leaves alone what happened here since the first run", async () => {
    const { visitor, newcomer } = await aCity({ features });
    await importInto(visitor, aRow("A-1"));
    await withdrawProposal(await newcomer("Admin", "admin"), 1);

    await importInto(visitor, aRow("A-1", { title: "Autre titre" }));

    const proposal = await proposalByNumber(visitor, 1);
    expect(proposal).to.deep.include({ status: "withdrawn", title: "Proposition A-1" });
  });

  it("adds what a newer file has more to say about a known proposal", async () => {
    const { visitor } = await aCity({ features });
    await importInto(visitor, aRow("A-1", { comments: [said(5, null)] }));

    await importInto(visitor, aRow("A-1", { comments: [said(5, null), said(6, 5)] }));

    expect((await comment(visitor, 6)).rootId).to.equal((await comment(visitor, 5))._id);
    expect((await proposalByNumber(visitor, 1))?.counts.comments).to.equal(2);
  });

  it("puts an answer under its comment though the dates disagree or run in a circle", async () => {
    const { visitor } = await aCity({ features });
    const late = said(1, null, { createdAt: "2016-09-01T10:00:00Z" });

    await importInto(
      visitor,
      aRow("A-1", { comments: [said(2, 1), late, said(7, 8), said(8, 7), said(9, 404)] }),
    );

    expect((await comment(visitor, 2)).parentId).to.equal((await comment(visitor, 1))._id);
    const circle = [await comment(visitor, 7), await comment(visitor, 8)];
    expect(circle.filter(({ parentId }) => parentId === null)).to.have.length(1);
    expect((await comment(visitor, 9)).parentId).to.equal(null);
  });

  it("keeps the authors of two files apart, though both call theirs number one", async () => {
    const { visitor } = await aCity({ features });

    await importInto(visitor, aRow("A-1"));
    await importProposals(visitor, written(aRow("A-1")), { source: "other" });

    const people = await visitor.collection(peopleCollection).find({}).toArray();
    expect(people.map(({ name }) => name)).to.deep.equal(["Participant n° 1", "Participant n° 1"]);
    expect(new Set(people.map(({ handle }) => handle)).size).to.equal(2);
    for (const { handle } of people) expect(handle).to.match(/^[a-z0-9_]{1,30}$/);
  });

  it("finds a topic by its whole name, never by the beginning that its address keeps", async () => {
    const { visitor } = await aCity({ features });
    await createTopic(visitor, { name: "Desenvolupament i economia", description: "" });
    const row = aRow("A-1", { subcategory: "Desenvolupament i economia de proximitat" });

    await importInto(visitor, row);
    await importInto(visitor, aRow("A-2", { subcategory: "Desenvolupament i economia" }), row);

    expect((await topics(visitor)).map((t) => t.proposalCount)).to.deep.equal([1, 1]);
  });
});

describe("a bad line of an import", () => {
  afterEach(closeCities);

  it("is left out with its number and cause, while the good ones are stored", async () => {
    const { visitor } = await aCity({ features });

    const report = await importInto(
      visitor,
      aRow("A-1"),
      "{ not json",
      "",
      aRow("A-2", { title: "" }),
      aRow("A-3", { supports: -1 }),
      aRow("A-4", { comments: [said(1, null, { createdAt: "yesterday" })] }),
      "[]",
      aRow("A-5"),
    );

    expect(report).to.deep.include({ lines: 8, proposals: 2, refused: 5 });
    expect(report.errors.map(({ line }) => line)).to.deep.equal([2, 4, 5, 6, 7]);
    const causes = report.errors.map(({ cause }) => cause);
    expect(causes[0]).to.equal("not JSON");
    expect(causes[1]).to.match(/^title: /);
    expect(causes[3]).to.match(/^comments\.0\.createdAt: /);
    expect(causes[4]).to.match(/^line: /);
  });

  it("cannot bring in script, control characters or somebody's prototype", async () => {
    const { visitor } = await aCity({ features });
    const nasty = `<script>alert(1)</script><p onclick="x()">Bonjour</p>`;
    const line = JSON.stringify(
      aRow("A-1", {
        title: "Un\u0000 titre\u202e",
        comments: [said(1, null, { body: nasty })],
        author: "__proto__",
      }),
    ).replace("{", '{"__proto__":{"status":"rejected"},');

    await importInto(visitor, line);

    expect((await comment(visitor, 1)).html).to.equal("<p>Bonjour</p>");
    expect((await proposalByNumber(visitor, 1))?.title).to.equal("Un titre");
    expect((await proposalByNumber(visitor, 1))?.status).to.equal("accepted");
  });
});

describe("an import that was cut", () => {
  afterEach(closeCities);

  const rows = [
    aRow("A-1", { comments: [said(1, null), said(2, 1), said(3, 2)] }),
    aRow("A-2", { comments: [said(11, null), said(12, 11)], status: "rejected" }),
    aRow("A-3", { status: null }),
  ];

  /** Lets `writes` writes through, then fails every further one until it is told to go on. */
  function cutting(writes: number) {
    let left = writes;
    const through = (store: Store): Store => ({
      ...store,
      collection: (name) => {
        const inner = store.collection<never>(name);
        const guard = <F extends (...args: never[]) => Promise<unknown>>(write: F) =>
          ((...args: never[]) => {
            if (left === 0) return Promise.reject(new Error("the power is gone"));
            left -= 1;
            return write(...args);
          }) as unknown as F;
        const { insertOne, insertMany, updateOne, findOneAndUpdate, deleteOne } = inner;
        return {
          ...inner,
          insertOne: guard(insertOne),
          insertMany: guard(insertMany),
          updateOne: guard(updateOne),
          findOneAndUpdate: guard(findOneAndUpdate),
          deleteOne: guard(deleteOne),
        } as never;
      },
    });
    return { through, arm: (n: number) => (left = n) };
  }

  it("ends, once run again, as one whole run would have, wherever the cut was", async () => {
    const now = new Date("2026-03-02T08:00:00Z");
    const cut = cutting(-1);
    const city = await aCity({ features, now, storeThrough: cut.through });
    let wrote = 0;
    for (let writes = 0; ; writes++) {
      cut.arm(writes);
      const done = await importInto(city.visitor, ...rows).then(
        () => true,
        () => false,
      );
      cut.arm(-1);
      if (done) break;
      wrote = writes;
    }
    const {
      proposals,
      comments,
      responses: answers,
    } = (await stateOf(city)) as {
      proposals: Array<{ counts: unknown; status: string }>;
      comments: Array<{ importKey: string; parentId: string | null; depth: number }>;
      responses: unknown[];
    };

    expect(wrote).to.be.greaterThan(0);
    expect([proposals.length, comments.length, answers.length]).to.deep.equal([3, 5, 2]);
    const depths = comments.map(({ importKey, depth }) => [importKey.split("-")[1], depth]);
    expect(new Map(depths as Array<[string, number]>)).to.deep.equal(
      new Map([
        ["1", 0],
        ["2", 1],
        ["3", 2],
        ["11", 0],
        ["12", 1],
      ]),
    );
  });

  it("puts answers under a comment that an earlier run has stored", async () => {
    const { visitor } = await aCity({ features });
    await importInto(visitor, ...rows);
    const answer = await comment(visitor, 3);
    await visitor.collection(commentsCollection).deleteOne({ _id: answer._id });

    const report = await importInto(visitor, ...rows);

    expect(report.comments).to.equal(1);
    expect(await comment(visitor, 3)).to.deep.equal(answer);
  });
});
