import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import type { Collection, Row, Store } from "../../src/drivers/store/collection.js";
import { openMongoStore } from "../../src/drivers/store/mongo.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { aReplicaSet, type ReplicaSet } from "../support/replica-set/set.js";
import { rejection } from "./store.conformance-support.js";

interface Book extends Row {
  readonly lines: readonly string[];
  readonly n: number;
}

const patience = { selectionMs: 500, placeMs: 500, answerMs: 1_500, heartbeatMs: 500 };

describe("A replica set of MongoDB that loses its primary", function () {
  this.timeout(60_000);
  needs("mongodb");
  let [set, store]: [ReplicaSet, Store] = [] as never;
  const books = () => store.collection<Book>("books");
  const book = (_id: string): Book => ({ _id, lines: [], n: 0 });

  beforeEach(async () => {
    const database = await aMongoDatabase();
    set = await aReplicaSet(database);
    store = await openMongoStore(set.url(new URL(database).pathname.slice(1)), { patience });
    await books().insertOne(book("a"));
  });
  afterEach(async () => {
    await store.close();
    await set.close();
    await closeMongoStores();
  });

  for (const [how, lose] of [
    ["steps down", () => set.stepDown()],
    ["ends", () => set.kill(0)],
    ["answers no more", () => set.mute(0)],
  ] as const) {
    it(`keeps every line that was written, and each once, when it ${how}`, async () => {
      const writing = writers(books(), ["b", "c", "d", "e"]);
      await until(() => writing.written.length >= 40);

      await lose();
      await until(() => writing.refused.length > 0);
      set.elect(1);
      const soFar = writing.written.length;
      await until(() => writing.written.length >= soFar + 40);
      await writing.end();
      await set.start(0);

      const kept = (await books().find({}).toArray()).flatMap(({ lines }) => lines);
      expect(kept).to.have.length(new Set(kept).size);
      expect(kept).to.include.members(writing.written);
      for (const error of writing.refused) {
        expect(isStoreUnavailable(error), String(error)).to.equal(true);
      }
    });
  }

  it("writes once what was carried out but not answered", async () => {
    set.loseAnswer();
    await books().updateOne({ _id: "a" }, { $inc: { n: 1 } });
    set.loseAnswer();
    const taken = await books().findOneAndUpdate(
      { _id: "a" },
      { $inc: { n: 1 } },
      { returnDocument: "after" },
    );
    set.loseAnswer();
    await books().insertMany([book("b"), book("c")]);

    expect([set.repeated, taken?.n]).to.deep.equal([3, 2]);
    expect(await books().findOne({ _id: "a" })).to.include({ n: 2 });
    expect(await books().countDocuments({})).to.equal(3);
  });

  it("tells whoever changed many rows at once that nobody knows, and changes them once", async () => {
    set.loseAnswer();

    const error = await rejection(books().updateMany({}, { $inc: { n: 1 } }));

    expect(isStoreUnavailable(error), String(error)).to.equal(true);
    expect(await books().findOne({ _id: "a" })).to.include({ n: 1 });
  });

  it("is followed to the next primary, and back, without anybody noticing", async () => {
    for (const next of [1, 2, 0]) {
      set.stepDown();
      set.elect(next);
      await books().updateOne({ _id: "a" }, { $inc: { n: 1 } });
      expect(await books().findOne({ _id: "a" })).to.not.equal(null);
    }

    expect(await books().findOne({ _id: "a" })).to.include({ n: 3 });
  });

  it("serves on what is read batch by batch, or says that it is to be read again", async () => {
    const ids = Array.from({ length: 300 }, (_, n) => `n${n}`);
    await books().insertMany(ids.map(book));
    const read: string[] = [];

    const reading = (async () => {
      for await (const { _id } of books().find({}, { batchSize: 100 })) {
        read.push(_id);
        if (read.length === 50) await set.kill(0);
        if (read.length === 50) set.elect(1);
      }
    })();
    const error = await rejection(reading);

    expect(isStoreUnavailable(error), String(error)).to.equal(true);
    expect(await books().find({}).toArray()).to.have.length(301);
  });
});

interface Writing {
  readonly written: string[];
  readonly refused: unknown[];
  end(): Promise<void>;
}

/** Everybody writes one line after the other into a book of their own. */
function writers(books: Collection<Book>, names: readonly string[]): Writing {
  const [written, refused]: [string[], unknown[]] = [[], []];
  let isOver = false;
  const all = names.map(async (name) => {
    for (let n = 0; !isOver; n += 1) {
      const line = `${name}${n}`;
      await books.updateOne({ _id: name }, { $push: { lines: line } }, { upsert: true }).then(
        () => written.push(line),
        (error: unknown) => refused.push(error),
      );
    }
  });
  return {
    ...{ written, refused },
    async end() {
      isOver = true;
      await Promise.all(all);
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error("it did not come to pass");
    await pause(20);
  }
}
