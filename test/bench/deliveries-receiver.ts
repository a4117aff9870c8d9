import { createServer } from "node:http";
import { takeOrders } from "./control.js";

/**
 * Every host that deliveries go to: one server on all loopback addresses that answers 202.
 * What came is counted once for each host and body. Arguments: a port for orders, one for deliveries.
 */
const [orders = "0", port = "0"] = process.argv.slice(2);
let first = 0;
let wanted = 0;
let posts = 0;
let seen = new Set<string>();
let whole: (() => void) | null = null;

const receiver = createServer((req, res) => {
  req.resume();
  req.once("end", () => {
    posts += 1;
    if (posts === 1) first = performance.now();
    seen.add(`${req.headers.host} ${String(req.headers["digest"])}`);
    res.writeHead(202).end();
    if (seen.size >= wanted) whole?.();
  });
});
receiver.keepAliveTimeout = 60_000;

/** The answer of `end`. */
export interface Arrived {
  /** From the first to the last of what was wanted. */
  readonly ms: number;
  /** Everything that came, what came twice counted twice. */
  readonly posts: number;
}

receiver.listen(Number(port), "0.0.0.0", () => {
  takeOrders(Number(orders), {
    begin: async (count) => {
      [wanted, posts, seen] = [Number(count), 0, new Set()];
      await Promise.resolve();
    },
    end: async (): Promise<Arrived> => {
      if (seen.size < wanted) await new Promise<void>((resolve) => (whole = resolve));
      whole = null;
      return { ms: performance.now() - first, posts };
    },
    count: () => Promise.resolve(seen.size),
  });
});
process.once("SIGTERM", () => process.exit(0));
