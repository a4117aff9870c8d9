import { randomUUID } from "node:crypto";
import { storeConformance } from "./store.conformance.js";

const url = process.env["MONGODB_URL"];

if (url === undefined || url === "") {
  describe("The MongoDB store", () => {
    it("is not tested: MONGODB_URL is not set");
  });
} else {
  const root = `parvis_store_${randomUUID().slice(0, 8)}`;
  let opened = 0;
  storeConformance("MongoDB", async () => {
    const [{ openMongoStore }, { MongoClient }] = await Promise.all([
      import("../../src/drivers/store/mongo.js"),
      import("mongodb"),
    ]);
    opened += 1;
    const dbName = `${root}_${opened}`;
    const store = await openMongoStore(url, { dbName });
    return {
      store,
      close: async () => {
        await store.close();
        const client = await MongoClient.connect(url);
        await client.db(dbName).dropDatabase();
        await client.close();
      },
    };
  });
}
