import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, driversFor, type Release } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { features } from "../../src/features.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import type { Migration } from "../../src/migrations/migration.js";
import { migrations } from "../../src/migrations/run.js";

/** Serves as this release does, as the next one would, or as the next one that hangs in its migration. */
const [release = "present", hangsAt = ""] = process.argv.slice(2);
let rows = 0;

function say(what: string): void {
  process.stdout.write(`${what}\n`);
}

/** What the next release adds: a field, filled in every proposal, and an index of it. */
const plainTitles: Migration = {
  ...{ name: "9999-plain-titles", collection: "proposals", reads: ["title"] },
  change: async (row) => {
    rows += 1;
    if (String(rows) === hangsAt) {
      say("hangs");
      await new Promise(() => undefined);
    }
    say(`row ${String(row["_id"])}`);
    return { $set: { plainTitle: String(row["title"]).toLowerCase() } };
  },
};

const next: Release = {
  version: "9999.0.0",
  migrations: [...migrations, plainTitles],
  features: features.map((feature) => ({
    ...feature,
    collections: feature.collections.map((collection) =>
      collection.name === proposalsCollection.name
        ? { ...collection, indexes: [...collection.indexes, { keys: { plainTitle: 1 as const } }] }
        : collection,
    ),
  })),
};

const config = loadConfig(process.env);
const drivers = await driversFor(config);
const app = await createApp(config, drivers, release === "next" ? next : undefined);
await app.start();
const server = createServer(app.web).listen(0, "127.0.0.1", () => {
  say(`port ${(server.address() as AddressInfo).port}`);
});
