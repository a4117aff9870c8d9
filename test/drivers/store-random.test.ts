import { expect } from "chai";
import fc from "fast-check";
import type { Document, IndexSpec } from "../../src/drivers/store/collection.js";
import { matcher } from "../../src/drivers/store/sqlite-match.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { sortKey } from "../../src/drivers/store/sqlite-sort.js";
import { applyUpdate } from "../../src/drivers/store/sqlite-update.js";
import { copyOf } from "../../src/drivers/store/values.js";
import { idsOf, rejection, type Thing } from "./store.conformance-support.js";

const scalar = fc.oneof(
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom("", "a", "b", "ab", "a😀", "a\u{10ffff}", "é", "😀", "\uf900"),
  fc.constantFrom<unknown>(null, true, false, 0.5, new Date(0), new Date(7)),
);
const inner = fc.record({ x: scalar, y: scalar }, { requiredKeys: [], noNullPrototype: true });
const field = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: inner },
  { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }) },
);
const record = fc.record(
  { a: field, b: field, c: field, d: scalar },
  { requiredKeys: [], noNullPrototype: true },
);
const records = fc.array(record, { minLength: 1, maxLength: 25 });

const path = fc.constantFrom("a", "b", "c", "d", "a.x", "a.y", "b.x");
const condition = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }).map(($in) => ({ $in })) },
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $ne: scalar }),
  fc.array(scalar, { maxLength: 2 }).map(($nin) => ({ $nin })),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $size: fc.integer({ min: 0, max: 2 }) }),
  fc.array(scalar, { minLength: 1, maxLength: 2 }).map(($all) => ({ $all })),
  fc.constantFrom("^a", "^b", "^é", "^ab").map(($regex) => ({ $regex })),
  fc.record({ $elemMatch: fc.record({ x: scalar }) }),
  fc.record({ $not: fc.record({ $gt: scalar }) }),
);
const clauses = fc.dictionary(path, condition, { maxKeys: 3 });
const filter: fc.Arbitrary<Document> = fc.oneof(
  { weight: 4, arbitrary: clauses },
  fc
    .tuple(clauses, fc.array(clauses, { minLength: 1, maxLength: 3 }))
    .map(([base, $or]) => ({ ...base, $or })),
  fc.array(clauses, { minLength: 1, maxLength: 3 }).map(($and) => ({ $and })),
  fc.array(clauses, { minLength: 1, maxLength: 2 }).map(($nor) => ({ $nor })),
);
const direction = fc.constantFrom(1 as const, -1 as const);
const sort = fc.dictionary(path, direction, { maxKeys: 2 });
const keys = fc
  .uniqueArray(fc.tuple(path, direction), { minLength: 1, maxLength: 3, selector: ([p]) => p })
  .map((entries): IndexSpec => ({ keys: Object.fromEntries(entries) }));
const indexes = fc.uniqueArray(keys, { maxLength: 4, selector: (spec) => JSON.stringify(spec) });

const update: fc.Arbitrary<Document> = fc.oneof(
  fc.record({ $set: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), field, { minKeys: 1 }) }),
  fc.record({ $unset: fc.dictionary(path, fc.constant(""), { minKeys: 1, maxKeys: 1 }) }),
  fc.record({ $max: fc.dictionary(fc.constantFrom("c", "d"), scalar, { minKeys: 1 }) }),
  fc.record({ $min: fc.dictionary(fc.constantFrom("c", "d"), scalar, { minKeys: 1 }) }),
  fc.record({ $inc: fc.record({ n: fc.integer({ min: -3, max: 3 }) }) }),
);

const SEED = 20_160_101;

/** What no index has touched: every record is matched, all matches are sorted. */
function naive(all: readonly Thing[], wanted: Document, order: Readonly<Record<string, 1 | -1>>) {
  const key = sortKey(order);
  const matches = all.filter(matcher(wanted));
  return matches
    .map((thing) => ({ thing, key: key.of(thing) }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
}

/** Two index paths through different lists cannot hold some records; MongoDB says 171 as well. */
async function filledStore(things: readonly Thing[], specs: readonly IndexSpec[]) {
  const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  await store.ensureIndexes("things", specs);
  const inserted = await Promise.allSettled(
    things.map((thing) => store.collection<Thing>("things").insertOne(thing)),
  );
  const kept = things.filter((_thing, i) => inserted[i]?.status === "fulfilled");
  for (const outcome of inserted) {
    if (outcome.status === "rejected") expect(outcome.reason).to.include({ code: 171 });
  }
  return { store, kept };
}

function named(docs: readonly Document[]): Thing[] {
  return docs.map((doc, i) => ({ _id: `r${i}`, ...doc }));
}

describe("The embedded store, asked at random", () => {
  it("answers through its indexes what reading every record would answer", async function () {
    this.timeout(60_000);
    const property = fc.asyncProperty(records, filter, sort, indexes, async (docs, f, s, specs) => {
      const { store, kept } = await filledStore(named(docs), specs);
      const expected = naive(kept, f, s);

      const found = await store.collection<Thing>("things").find(f, { sort: s }).toArray();
      const page = await store
        .collection<Thing>("things")
        .find(f, { sort: s, limit: 5, skip: 1 })
        .toArray();
      const total = await store.collection<Thing>("things").countDocuments(f);
      await store.close();

      const order = sortKey(s);
      expect(idsOf(found).sort()).to.deep.equal(idsOf(expected.map((e) => e.thing)).sort());
      expect(found.map((thing) => order.of(thing).toString("hex"))).to.deep.equal(
        expected.map((e) => e.key.toString("hex")),
      );
      expect(page.map((thing) => order.of(thing).toString("hex"))).to.deep.equal(
        expected.slice(1, 6).map((e) => e.key.toString("hex")),
      );
      expect(total).to.equal(expected.length);
    });
    await fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it("changes the records that it should, and its indexes with them", async function () {
    this.timeout(60_000);
    const property = fc.asyncProperty(
      records,
      filter,
      update,
      indexes,
      async (docs, f, u, specs) => {
        const { store, kept } = await filledStore(named(docs), specs);
        const things = store.collection<Thing>("things");
        const wanted = kept.map((thing) => {
          const copy = copyOf(thing) as Thing;
          if (matcher(f)(copy)) applyUpdate(copy, u, false);
          return copy;
        });

        const outcome = await things.updateMany(f, u).then(
          () => wanted,
          (error: unknown) => {
            expect(error).to.include({ code: 171 });
            return kept;
          },
        );
        const after = await things.find({}).toArray();
        await store.check({ full: true });
        await store.close();

        expect(after).to.deep.equal(outcome.map(copyOf));
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it("refuses records that its index cannot hold", async () => {
    const { store } = await filledStore([], [{ keys: { a: 1, b: 1 } }]);
    const things = store.collection<Thing>("things");

    const error = await rejection(things.insertOne({ _id: "1", a: [1], b: [2] }));
    await store.close();

    expect(error["code"]).to.equal(171);
  });
});
