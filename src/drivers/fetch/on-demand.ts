import { createRequire } from "node:module";
import type * as Undici from "undici";

const onDemand = createRequire(import.meta.url);

/** undici, loaded when something is first fetched: a start need not wait for it. */
export function undici(): typeof Undici {
  return onDemand("undici") as typeof Undici;
}
