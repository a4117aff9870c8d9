import { expect } from "chai";
import type { Collection } from "../../src/drivers/store/collection.js";
import { idsOf, openCase, type OpenStore, type Thing } from "./store.conformance-support.js";

const NOTICES = [
  { _id: "bench", tags: ["park", "rest"], at: { street: "Rue A", no: 1 }, votes: 3 },
  { _id: "tree", tags: ["park"], at: { street: "Rue B", no: 2 }, votes: 10 },
  { _id: "lamp", tags: [], at: null, votes: null, parts: [{ kind: "bulb", n: 2 }] },
  {
    _id: "road",
    votes: 7,
    parts: [
      { kind: "bulb", n: 1 },
      { kind: "pole", n: 9 },
    ],
  },
];

const FILTERS: readonly [string, object, readonly string[]][] = [
  ["by one of a list's elements", { tags: "park" }, ["bench", "tree"]],
  ["by a whole list", { tags: ["park"] }, ["tree"]],
  ["by a field inside", { "at.street": "Rue A" }, ["bench"]],
  ["by a range inside", { "at.no": { $gte: 1, $lt: 2 } }, ["bench"]],
  ["by what is null or missing", { at: null }, ["lamp", "road"]],
  ["by what is there", { at: { $exists: true } }, ["bench", "lamp", "tree"]],
  ["by what is not there", { at: { $exists: false } }, ["road"]],
  ["by any of several values", { votes: { $in: [3, 7, null] } }, ["bench", "lamp", "road"]],
  ["by none of several values", { votes: { $nin: [3, null] } }, ["road", "tree"]],
  ["by what it is not", { votes: { $ne: 3 } }, ["lamp", "road", "tree"]],
  ["by all of several elements", { tags: { $all: ["rest", "park"] } }, ["bench"]],
  ["by the length of a list", { tags: { $size: 0 } }, ["lamp"]],
  [
    "by one element that satisfies everything",
    { parts: { $elemMatch: { kind: "bulb", n: { $gt: 1 } } } },
    ["lamp"],
  ],
  ["by several elements together", { "parts.kind": "bulb", "parts.n": { $gt: 8 } }, ["road"]],
  ["by how one of a list's elements begins", { tags: { $regex: "^pa" } }, ["bench", "tree"]],
  ["by how a text inside begins", { "at.street": { $regex: "^Rue A" } }, ["bench"]],
  ["by alternatives", { $or: [{ votes: 10 }, { "at.no": 1 }] }, ["bench", "tree"]],
  ["by what is neither", { $nor: [{ votes: 10 }, { tags: "park" }] }, ["lamp", "road"]],
  ["by a negation", { votes: { $not: { $gt: 5 } } }, ["bench", "lamp"]],
  ["by both of two", { $and: [{ tags: "park" }, { votes: { $gt: 5 } }] }, ["tree"]],
  ["by type as much as by value", { votes: { $gt: "3" } }, []],
  ["by an empty choice", { votes: { $in: [] } }, []],
];

/** Filters, orders, pages and shapes. */
export function describeQueries(open: OpenStore): void {
  const the = openCase(open);

  for (const indexed of [false, true]) {
    for (const [what, filter, expected] of FILTERS) {
      it(`finds ${what}${indexed ? ", with indexes" : ""}`, async () => {
        const notices = await filled(the.store.collection<Thing>("notices"));
        if (indexed) {
          const paths = ["tags", "at.street", "at.no", "votes", "parts.kind", "parts.n"];
          await the.store.ensureIndexes(
            "notices",
            paths.map((path) => ({ keys: { [path]: 1 } })),
          );
        }

        const found = await notices.find(filter).toArray();

        expect(idsOf(found).sort()).to.deep.equal(expected);
        expect(await notices.countDocuments(filter)).to.equal(expected.length);
      });
    }
  }

  it("finds one thing where a list of the same index has just been empty", async () => {
    await the.store.ensureIndexes("notices", [{ keys: { votes: 1 } }]);
    const notices = await filled(the.store.collection<Thing>("notices"));

    const none = await notices.find({ votes: 99 }).toArray();
    const one = await notices.findOne({ votes: 7 });

    expect(none).to.deep.equal([]);
    expect(one?._id).to.equal("road");
  });

  describeOrders(the);
  describePages(the);
  describeShapes(the);
}

async function filled(notices: Collection<Thing>): Promise<Collection<Thing>> {
  await notices.insertMany(NOTICES);
  return notices;
}

const MIXED: readonly [string, unknown][] = [
  ["nothing", null],
  ["minus", -5],
  ["zero", 0],
  ["half", 0.5],
  ["big", 1e12],
  ["no-text", ""],
  ["B", "B"],
  ["a", "a"],
  ["long", "aa"],
  ["accent", "é"],
  ["private", "\uf900"],
  ["emoji", "😀"],
  ["object", { a: 1 }],
  ["false", false],
  ["true", true],
  ["early", new Date(-1)],
  ["late", new Date(1)],
];

type Case = ReturnType<typeof openCase>;

function describeOrders(the: Case): void {
  for (const keys of [null, { value: 1 }, { value: -1 }] as const) {
    const index = keys ? ` with an index ${JSON.stringify(keys)}` : " without an index";
    it(`sorts numbers, words, objects, flags and dates as MongoDB does,${index}`, async () => {
      const things = the.store.collection<Thing>("things");
      if (keys) await the.store.ensureIndexes("things", [{ keys }]);
      const shuffled = [...MIXED].sort(([a], [b]) => (a < b ? -1 : 1));
      await things.insertMany(shuffled.map(([_id, value]) => ({ _id, value })));

      const up = await things.find({}, { sort: { value: 1 } }).toArray();
      const down = await things.find({}, { sort: { value: -1 } }).toArray();

      const names = MIXED.map(([name]) => name);
      expect(idsOf(up)).to.deep.equal(names);
      expect(idsOf(down)).to.deep.equal([...names].reverse());
    });
  }

  it("sorts what is missing beside null, and lists by their least or greatest element", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany([
      { _id: "list", v: [9, 1] },
      { _id: "five", v: 5 },
      { _id: "missing" },
    ]);

    for (const indexed of [false, true]) {
      if (indexed) await the.store.ensureIndexes("things", [{ keys: { v: 1 } }]);
      const up = await things.find({}, { sort: { v: 1 } }).toArray();
      const down = await things.find({}, { sort: { v: -1 } }).toArray();

      expect(idsOf(up)).to.deep.equal(["missing", "list", "five"]);
      expect(idsOf(down)).to.deep.equal(["list", "five", "missing"]);
    }
  });

  it("merges several values of one field into one order", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { topic: 1, n: -1 } }]);
    const rows = Array.from({ length: 60 }, (_, n) => ({ _id: `${n}`, topic: `t${n % 4}`, n }));
    await things.insertMany(rows);

    const found = await things
      .find({ topic: { $in: ["t0", "t3", "t9"] } }, { sort: { n: -1 }, limit: 6 })
      .toArray();

    expect(idsOf(found)).to.deep.equal(["59", "56", "55", "52", "51", "48"]);
  });
}

function describePages(the: Case): void {
  it("pages through a list by the last record seen, neither twice nor never", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { city: 1, at: -1, _id: -1 } }]);
    const rows = Array.from({ length: 45 }, (_, n) => ({
      _id: `n${String(n).padStart(2, "0")}`,
      city: n % 5 === 0 ? "b" : "a",
      at: new Date(Math.floor(n / 4)),
    }));
    await things.insertMany(rows);

    const seen: string[] = [];
    let last: Thing | null = null;
    for (let page = 0; page < 10; page += 1) {
      const after: object = last
        ? { $or: [{ at: { $lt: last["at"] } }, { at: last["at"], _id: { $lt: last._id } }] }
        : {};
      const found: Thing[] = await things
        .find({ city: "a", ...after }, { sort: { at: -1, _id: -1 }, limit: 7 })
        .toArray();
      seen.push(...idsOf(found));
      last = found.at(-1) ?? null;
      if (found.length < 7) break;
    }

    const expected = idsOf(rows.filter(({ city }) => city === "a")).reverse();
    expect(seen).to.deep.equal(expected);
  });

  it("skips and limits", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany(Array.from({ length: 30 }, (_, n) => ({ _id: `${n}`, n })));

    const found = await things.find({}, { sort: { n: 1 }, skip: 10, limit: 3 }).toArray();

    expect(idsOf(found)).to.deep.equal(["10", "11", "12"]);
    expect(await things.countDocuments({ n: { $gte: 20 } }, { limit: 4 })).to.equal(4);
  });

  it("streams a long list while it is being written to", async () => {
    const things = the.store.collection<Thing>("things");
    await the.store.ensureIndexes("things", [{ keys: { n: 1 } }]);
    await things.insertMany(Array.from({ length: 1200 }, (_, n) => ({ _id: `${n}`, n })));

    const seen = new Set<string>();
    for await (const thing of things.find({ n: { $gte: 0 } }, { sort: { n: 1 }, batchSize: 50 })) {
      seen.add(thing._id);
      if (seen.size === 10) await things.deleteOne({ _id: "1100" });
      if (seen.size === 20) await things.insertOne({ _id: "new", n: -1 });
      if (seen.size === 30) await things.updateMany({ n: { $lt: 5 } }, { $set: { done: true } });
    }

    expect(seen.size).to.be.within(1199, 1200);
    expect(seen.has("new")).to.equal(false);
  });

  it("lets a reader stop early", async () => {
    const things = the.store.collection<Thing>("things");
    await things.insertMany(Array.from({ length: 10 }, (_, n) => ({ _id: `${n}` })));

    let read = 0;
    for await (const _thing of things.find({})) if ((read += 1) === 3) break;

    expect(read).to.equal(3);
  });
}

function describeShapes(the: Case): void {
  const SHAPES: readonly [string, Record<string, 0 | 1>, object][] = [
    ["only what is asked for", { votes: 1 }, { _id: "tree", votes: 10 }],
    ["it without its id", { votes: 1, _id: 0 }, { votes: 10 }],
    ["a field inside", { "at.no": 1, _id: 0 }, { at: { no: 2 } }],
    ["all but what is hidden", { at: 0, tags: 0 }, { _id: "tree", votes: 10 }],
    [
      "all but a field inside",
      { "at.no": 0, tags: 0, votes: 0 },
      { _id: "tree", at: { street: "Rue B" } },
    ],
  ];
  for (const [what, projection, expected] of SHAPES) {
    it(`shows ${what}`, async () => {
      const notices = await filled(the.store.collection<Thing>("notices"));

      expect(await notices.findOne({ _id: "tree" }, { projection })).to.deep.equal(expected);
    });
  }
}
