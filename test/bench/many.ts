import type { Ctx } from "../../src/kit/index.js";
import { createAnalyser } from "../../src/kit/text/search.js";
import { renderMarkdown } from "../../src/kit/text/markdown.js";
import { listedStatuses, type Proposal } from "../../src/features/proposals/proposal.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { listModel } from "../../src/features/proposals/proposals.list.js";
import { warmthOf } from "../../src/features/proposals/warmth.js";
import { newPerson } from "../../src/features/people/people.js";
import { createTopic, topics } from "../../src/features/topics/topics.js";
import { homeModel } from "../../src/features/home/home.pages.js";
import { readRow, type ImportRow } from "../../src/features/imports/row.js";
import { sampleLines, sequence } from "./sample.js";
import { fixed, median, printTable } from "./table.js";
import { foundTown } from "./town.js";

const wanted = Number(process.env["BENCH_MANY"] ?? 100_000);
const batchSize = 500;
const tries = 5;
const aimMs = 100;

/** How long lists and searches take among 100,000 proposals, nothing being remembered. */
export async function benchMany(): Promise<void> {
  const town = await foundTown(async (ctx) => {
    const began = performance.now();
    await fill(ctx, wanted);
    const seconds = fixed((performance.now() - began) / 1000);
    process.stdout.write(`\n${wanted} proposals stored in ${seconds} s\n`);
    const rows = [];
    for (const [name, ask] of await questions(ctx)) rows.push(await timed(ctx, name, ask));
    printTable(`Server time among ${wanted} proposals (aim: well under ${aimMs} ms)`, rows);
  });
  town.remove();
}

type Question = readonly [name: string, ask: (ctx: Ctx) => Promise<unknown>];

async function questions(ctx: Ctx): Promise<Question[]> {
  const all = await topics(ctx);
  const topic = all[4]?.slug ?? "";
  const lists: Array<[string, Record<string, string>]> = [];
  for (const sort of ["recent", "supported", "moving"]) {
    lists.push([`list, ${sort}`, { sort }]);
    lists.push([`list, ${sort}, one topic`, { sort, topic }]);
    lists.push([`list, ${sort}, one status`, { sort, status: "accepted" }]);
    lists.push([`list, ${sort}, topic and rare status`, { sort, topic, status: "done" }]);
    lists.push([`list, ${sort}, page 250`, { sort, after: await deep(ctx, sort) }]);
  }
  const common = { "common word": "barcelona ", "common beginning": "bar" };
  const others = { "short beginning": "con", "two words": "carril bici ", "rare word": "zzbench " };
  for (const [name, q] of Object.entries({ ...common, ...others })) {
    lists.push([`search, ${name}`, { q }]);
    lists.push([`search, ${name}, topic and status`, { q, topic, status: "done" }]);
  }
  return [
    ...lists.map(([name, query]) => [name, (c: Ctx) => listModel(c, request(query))] as const),
    ["front page", homeModel],
  ];
}

function request(query: Readonly<Record<string, string>>) {
  const path = "/proposals";
  const nothing = { params: {}, body: {}, files: {}, ip: "", remembered: {}, wantsJson: false };
  return { ...nothing, method: "GET" as const, url: path, path, query };
}

/** The cursor of the 250th page, as a patient reader would come to it. */
async function deep(ctx: Ctx, sort: string): Promise<string> {
  let after = "";
  for (let page = 0; page < 250; page++) {
    const query: Record<string, string> = after === "" ? { sort } : { sort, after };
    const { pager } = await listModel(ctx, request(query));
    const next = new URL(pager?.next ?? "/", "http://here").searchParams.get("after");
    if (next === null) return after;
    after = next;
  }
  return after;
}

/** Somebody supports a proposal before each try, so that no remembered answer counts. */
async function timed(ctx: Ctx, name: string, ask: Question[1]) {
  const times: number[] = [];
  for (let run = 0; run < tries; run++) {
    await ctx
      .collection(proposalsCollection)
      .updateOne({ number: run + 1 }, { $inc: { "counts.supports": 1 } });
    const began = performance.now();
    await ask(ctx);
    times.push(performance.now() - began);
  }
  return {
    page: name,
    "median ms": fixed(median(times), 1),
    "worst ms": fixed(Math.max(...times), 1),
  };
}

async function fill(ctx: Ctx, count: number): Promise<void> {
  const rows: ImportRow[] = [];
  for await (const line of sampleLines()) {
    const read = readRow(line);
    if ("row" in read) rows.push(read.row);
  }
  for (let at = 1; at <= 30; at++) await createTopic(ctx, { name: `Sujet ${at}`, description: "" });
  const topicIds = (await topics(ctx)).map(({ _id }) => _id);
  const author = await newPerson(ctx, { _id: ctx.ids.next(), name: "Camille" });
  const make = maker(ctx, rows, topicIds, author._id);
  for (let from = 1; from <= count; from += batchSize) {
    const size = Math.min(batchSize, count - from + 1);
    const batch = Array.from({ length: size }, (_, at) => make(from + at));
    await ctx.collection(proposalsCollection).insertMany(batch, { ordered: false });
  }
}

/** Makes proposals of real words: a real title with a real body, at any time, on any topic. */
function maker(
  ctx: Ctx,
  rows: readonly ImportRow[],
  topicIds: readonly string[],
  authorId: string,
) {
  const random = sequence(11);
  const analyse = createAnalyser();
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return (number: number): Proposal => {
    const title = `${pick(rows).title.slice(0, 180)}${number % 20_000 === 1 ? " zzbench" : ""}`;
    const body = pick(rows).body.slice(0, 1_500);
    const supports = Math.floor(random() ** 6 * 3_000);
    const publishedAt = new Date(Date.UTC(2020, 0, 1) + Math.floor(random() * 2e11));
    const status = random() < 0.6 ? "open" : pick(listedStatuses);
    return {
      ...{ _id: ctx.ids.next(), number, uri: ctx.instance.url(`/proposals/${number}`) },
      ...{ origin: "here", title, body, html: renderMarkdown(body), topicId: pick(topicIds) },
      ...{ place: null, authorId, elsewhere: null, status, publishedAt },
      counts: {
        supportsHere: supports,
        supportsElsewhere: 0,
        supportsBefore: 0,
        supports,
        comments: 0,
      },
      ...{ warmth: warmthOf([publishedAt]) + random(), editedAt: null, movedAt: publishedAt },
      ...{ withdrawnAt: null, version: 1, terms: analyse({ title, body }), importKey: null },
    };
  };
}
