import { expect } from "chai";
import { commentsCollection } from "../../../src/features/comments/comments.js";
import { proposalByNumber } from "../../../src/features/proposals/proposals.js";
import type { Store } from "../../../src/drivers/store/collection.js";
import { aCity, closeCities } from "../../support/city.js";
import { aRow, comment, features, importInto, said, stateOf } from "./support.js";

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

  const writing: ReadonlySet<PropertyKey> = new Set([
    ...["insertOne", "insertMany", "updateOne", "findOneAndUpdate", "deleteOne"],
  ]);

  /** Lets `writes` writes through, then fails every further one until it is told to go on. */
  function cutting(writes: number) {
    let left = writes;
    const through = (store: Store): Store => ({
      ...store,
      collection: (name) => {
        const inner = store.collection<never>(name);
        return new Proxy(inner, {
          get(target, property) {
            const member: unknown = Reflect.get(target, property);
            if (typeof member !== "function") return member;
            const call = member.bind(target) as (...given: unknown[]) => unknown;
            if (!writing.has(property)) return call;
            return async (...given: unknown[]) => {
              if (left === 0) throw new Error("the power is gone");
              left -= 1;
              return call(...given);
            };
          },
        }) as never;
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
