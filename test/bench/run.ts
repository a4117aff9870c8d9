import { availableParallelism, cpus, totalmem } from "node:os";
import { root } from "./process.js";

/** One measurement: prints a table of its own. */
type Bench = () => Promise<void>;

/** Every measurement by name, in the order in which they run; each is loaded when its turn comes. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  start: async () => (await import("./start.js")).benchStart,
  pages: async () => (await import("./pages.js")).benchPages,
  cities: async () => (await import("./cities.js")).benchCities,
  many: async () => (await import("./many.js")).benchMany,
  inbox: async () => (await import("./inbox.js")).benchInbox,
  deliveries: async () => (await import("./deliveries.js")).benchDeliveries,
  "fan-out": async () => (await import("./fan-out.js")).benchFanOut,
};

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    throw new Error(
      `There is no bench "${unknown[0]}"; there are: ${Object.keys(benches).join(" ")}`,
    );
  }
  await ensureBuilt();
  const [processor] = cpus();
  process.stdout.write(
    `Node ${process.version}, ${availableParallelism()} cores (${processor?.model ?? "unknown"}), ` +
      `${Math.round(totalmem() / 2 ** 30)} GB\n`,
  );
  for (const [name, load] of Object.entries(benches)) {
    if (asked.length === 0 || asked.includes(name)) await (await load())();
  }
}

/** What is measured is what `npm start` runs. */
async function ensureBuilt(): Promise<void> {
  const builder = (await import(
    new URL("../../src/bootstrap/build.mjs", import.meta.url).href
  )) as {
    ensureBuilt(root: string): Promise<void>;
  };
  await builder.ensureBuilt(root);
}

await main(process.argv.slice(2));
