import { aClock } from "../support/city.js";
import { aDeadly, type Death } from "./support/deadly.js";
import { aTown } from "./support/town.js";

/** What the test asks of this process. */
export type Order =
  { readonly arm: Death } | "forget" | "settle" | "counts" | { readonly ms: number };

/**
 * A town on a file that another process founded, which is killed where it is told to. Whatever was
 * left there is swept and done before it says that it is ready.
 */
const [file = "", origin = "", now = ""] = process.argv.slice(2);
const clock = aClock(new Date(now));
const deadly = aDeadly();
const town = await aTown({ ...{ clock, storeThrough: deadly.through }, kept: { file, origin } });

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await town.outbox.sweep(60_000);
  await town.settle();
}

async function obey(order: Order): Promise<unknown> {
  if (order === "counts") return deadly.counts;
  if (order === "forget") return deadly.forget();
  if (order === "settle") return town.settle();
  if ("ms" in order) return pass(order.ms);
  return deadly.arm(order.arm);
}

process.on("message", (order: Order) => {
  void obey(order).then((answer) => process.send?.({ answer }));
});
process.on("disconnect", () => process.exit(0));
process.send?.({ answer: town.door });
