import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { storeConformance } from "./store.conformance.js";

storeConformance("embedded (in memory)", async () => {
  const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
  return { store, close: () => store.close() };
});

storeConformance("embedded (in a file)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parvis-store-"));
  const store = openSqliteStore(join(folder, "store.db"), { ttlIntervalMs: 0 });
  return {
    store,
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});
