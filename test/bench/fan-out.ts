import { createAccount } from "../../src/features/accounts/accounts.js";
import { importProposals } from "../../src/features/imports/imports.js";
import { aBrowser, type Browser } from "../support/browser.js";
import { order } from "./control.js";
import { federating, inboxesAt, start } from "./deliveries.js";
import type { Arrived } from "./deliveries-receiver.js";
import { application, freePort, processorMs, serve, type Served } from "./process.js";
import { sampleLines } from "./sample.js";
import { fixed, printTable } from "./table.js";
import { foundTown, type Town } from "./town.js";

const inboxes = Number(process.env["BENCH_INBOXES"] ?? 10_000);
const leastInboxesOfWarmUp = 200;
/** Proposals in the town: enough for full pages. */
const proposals = 400;
const aimSeconds = 300;
/** How much longer pages may take meanwhile, by their 95th percentile. */
const mostSlowdown = 2;
const restSeconds = 20;
/** A reader asks for the next page this long after the last one came. */
const pauseMs = 25;
const member = { name: "Camille", mail: "camille@example.org", password: "une longue phrase" };
const paths = ["/", "/proposals", "/proposals?sort=supported"];

/** Who reads, and how long pages took. */
interface Reader {
  readonly name: string;
  readonly browser: Browser;
}

type Times = ReadonlyMap<string, readonly number[]>;

/** The 95th percentile. */
function p95(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN;
}

/** Each reader asks for page after page until `until` resolves; milliseconds of each, by reader. */
async function read(readers: readonly Reader[], until: Promise<unknown>): Promise<Times> {
  let over = false;
  void until.finally(() => (over = true)).catch(() => undefined);
  const times = new Map(readers.map(({ name }) => [name, [] as number[]]));
  const readOn = async ({ name, browser }: Reader): Promise<void> => {
    for (let at = 0; !over; at += 1) {
      const began = performance.now();
      const { status } = await browser.open(paths[at % paths.length] ?? "/");
      if (status !== 200) throw new Error(`a page answered ${status}`);
      times.get(name)?.push(performance.now() - began);
      await pause(pauseMs);
    }
  };
  await Promise.all(readers.map(readOn));
  await until;
  return times;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function* someLines(): AsyncGenerator<string> {
  let count = 0;
  for await (const line of sampleLines()) {
    if (count >= proposals) return;
    count += 1;
    yield line;
  }
}

function foundReadTown(): Promise<Town> {
  return foundTown(async (ctx) => {
    await importProposals(ctx, someLines(), { source: "bench" });
    await createAccount(ctx, { ...member, roles: ["citizen"], confirmed: true });
  });
}

async function openReaders(origin: string): Promise<Reader[]> {
  const visitor = aBrowser(origin, "fr");
  const own = aBrowser(origin, "fr");
  await own.open("/sign-in");
  const answer = await own.submit("/sign-in", { mail: member.mail, password: member.password });
  if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}`);
  return [
    { name: "visitor", browser: visitor },
    { name: "member", browser: own },
  ];
}

interface Measured {
  readonly rest: Times;
  readonly under: Times;
  /** From the storing of the post to the last inbox. */
  readonly seconds: number;
  readonly cpuMs: number;
  readonly posts: number;
}

/** One post to every inbox, with readers on the site before and meanwhile. */
export async function measureFanOut(): Promise<Measured> {
  const town = await foundReadTown();
  const started: Served[] = [];
  const keep = <T extends Served>(one: T): T => (started.push(one), one);
  try {
    const port = await freePort();
    const env = federating(town.env);
    const receiver = keep(await start("deliveries-receiver.ts", null, [String(port)]));
    const command = application();
    const ours = keep(await serve({ command, env, port: town.port, core: null }));
    const clerk = keep(await start("deliveries-clerk.ts", null, [], env));
    const targets = inboxesAt(inboxes, port);
    const post = async (count: number) => {
      const began = performance.now();
      const before = processorMs(ours.pid);
      await order(receiver.orders, "begin", count);
      const sent = order(clerk.orders, "round", 1);
      const { posts } = await order<Arrived>(receiver.orders, "end");
      const seconds = (performance.now() - began) / 1_000;
      await sent;
      await order(clerk.orders, "idle");
      return { seconds, posts, cpuMs: processorMs(ours.pid) - before };
    };
    const readers = await openReaders(ours.origin);
    const few = Math.min(leastInboxesOfWarmUp, inboxes);
    await order(clerk.orders, "follow", targets.slice(0, few));
    await read(readers, Promise.all([post(few), pause(5_000)]));
    await order(clerk.orders, "follow", targets.slice(few));
    const rest = await read(readers, pause(restSeconds * 1_000));
    const fanOut = post(inboxes);
    const under = await read(readers, fanOut);
    return { rest, under, ...(await fanOut) };
  } finally {
    for (const one of started) await one.stop();
    town.remove();
  }
}

/** Print how long a post takes to everybody, and what readers notice of it. */
export async function benchFanOut(): Promise<void> {
  const { rest, under, seconds, cpuMs, posts } = await measureFanOut();
  printTable(`One post to ${inboxes} inboxes, each on a host of its own (a loopback address)`, [
    {
      "to the last answer": `${fixed(seconds, 1)} s`,
      "a second": fixed(inboxes / seconds),
      "cpu ms each, pages included": fixed(cpuMs / inboxes, 2),
      "sent twice": String(posts - inboxes),
      aim: `< ${aimSeconds} s`,
    },
  ]);
  const rows = [...rest].map(([reader, calm]) => {
    const busy = under.get(reader) ?? [];
    return {
      reader,
      "p95 at rest": `${fixed(p95(calm), 1)} ms`,
      "p95 meanwhile": `${fixed(p95(busy), 1)} ms`,
      times: fixed(p95(busy) / p95(calm), 2),
      aim: `≤ ${fixed(mostSlowdown)}`,
      pages: `${calm.length}, ${busy.length}`,
    };
  });
  printTable("Pages that a visitor and a member read all along, one after the other", rows);
}
