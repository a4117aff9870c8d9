import { z } from "zod";
import { commentsCollection } from "../../features/comments/comments.js";
import { peopleCollection } from "../../features/people/people.js";
import { proposalsCollection } from "../../features/proposals/proposals.js";
import {
  defineCollection,
  defineJob,
  insertOnce,
  type CollectionDef,
  type Ctx,
  type Row,
  type ScheduleDef,
} from "../../kit/index.js";

/** A count under way: it walks through a collection a piece at a time, over and over. */
interface Census {
  /** The instance and what is counted. */
  readonly _id: string;
  /** Of the last whole walk; null during the first. */
  readonly total: number | null;
  /** Of this walk so far. */
  readonly soFar: number;
  /** Where this walk stands. */
  readonly after: string;
}

export const censusCollection = defineCollection<Census>("censuses", []);

/** Rows that are looked at in one go: what a count costs, however many there are. */
const pieceSize = 5_000;

/** Something that is counted, and the unique key that its rows are walked by. */
interface Counted {
  readonly name: string;
  readonly collection: CollectionDef<Row>;
  readonly key: string;
  counts(row: Readonly<Record<string, unknown>>): boolean;
}

const people: Counted = {
  ...{ name: "people", key: "handle" },
  collection: peopleCollection as unknown as CollectionDef<Row>,
  counts: ({ origin, erasedAt }) => origin === "here" && erasedAt === null,
};

const comments: Counted = {
  ...{ name: "comments", key: "uri" },
  collection: commentsCollection as unknown as CollectionDef<Row>,
  counts: ({ origin, state }) => origin === "here" && state === "shown",
};

const looked = { origin: 1, erasedAt: 1, state: 1 } as const;

function idOf(ctx: Ctx, { name }: Counted): string {
  return `${ctx.instance._id}/${name}`;
}

/**
 * Go on with one count by one piece. Of two that do so at once one has its way; a crash repeats the
 * piece. What is added or removed behind the walk is found by the next one.
 */
async function walk(ctx: Ctx, counted: Counted, size: number): Promise<Census> {
  const censuses = ctx.collection(censusCollection);
  const _id = idOf(ctx, counted);
  const first: Census = { _id, total: null, soFar: 0, after: "" };
  const last = (await censuses.findOne({ _id })) ?? first;
  const piece = (await ctx
    .collection(counted.collection)
    .find(
      { [counted.key]: { $gt: last.after } },
      { sort: { [counted.key]: 1 }, limit: size, projection: { ...looked, [counted.key]: 1 } },
    )
    .toArray()) as unknown as ReadonlyArray<Readonly<Record<string, unknown>>>;
  const soFar = last.soFar + piece.filter((row) => counted.counts(row)).length;
  const end = piece.at(-1)?.[counted.key];
  const isOver = piece.length < size || typeof end !== "string";
  const next: Census = isOver
    ? { _id, total: soFar, soFar: 0, after: "" }
    : { _id, total: last.total, soFar, after: end };
  const { total, after } = next;
  const moved = await censuses.updateOne(
    { _id, after: last.after, soFar: last.soFar },
    { $set: { total, soFar: next.soFar, after } },
  );
  if (moved.matchedCount === 0 && last === first) await insertOnce(() => censuses.insertOne(next));
  return next;
}

/** Go on with every count of an instance by one piece. */
export async function takeCensus(ctx: Ctx, size = pieceSize): Promise<void> {
  for (const counted of [people, comments]) await walk(ctx, counted, size);
}

/** How many members, proposals and comments of its own an instance has. */
export interface Usage {
  readonly people: number;
  readonly proposals: number;
  readonly comments: number;
}

/**
 * The figures of an instance, from three rows. Numbers of proposals are given one after the other and
 * never again: the highest says how many there were.
 */
export async function usageOf(ctx: Ctx): Promise<Usage> {
  const [newest] = await ctx
    .collection(proposalsCollection)
    .find({ number: { $gt: 0 } }, { sort: { number: -1 }, limit: 1 })
    .toArray();
  return {
    people: await known(ctx, people),
    proposals: newest?.number ?? 0,
    comments: await known(ctx, comments),
  };
}

async function known(ctx: Ctx, counted: Counted): Promise<number> {
  const kept = await ctx.collection(censusCollection).findOne({ _id: idOf(ctx, counted) });
  const { total, soFar } = kept ?? (await walk(ctx, counted, pieceSize));
  return total ?? soFar;
}

/** The hourly piece of the count in the calendar. */
export function censusSchedule(): ScheduleDef {
  const job = defineJob({
    name: "federation.census",
    payload: z.object({}),
    run: (ctx) => takeCensus(ctx),
  });
  return { key: "federation-census", cron: "23 * * * *", job: job as ScheduleDef["job"] };
}
