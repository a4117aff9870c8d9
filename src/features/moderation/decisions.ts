import {
  defineCollection,
  hasRole,
  insertOnce,
  packCursor,
  Refusal,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Member,
  type Slice,
} from "../../kit/index.js";
import type { Decision } from "./decision.js";

interface Row extends Decision {
  /** Of its subject, to find what was decided about one thing. */
  readonly subjectKey: string;
}

export const decisionsCollection = defineCollection<Row>("moderationDecisions", [
  { keys: { at: -1, _id: -1 } },
  { keys: { subjectKey: 1, at: -1 } },
]);

/** The moderator who acts. Refuses everybody else. */
export function moderatorOf({ member }: Ctx): Member {
  if (member === null) throw new Refusal("not-signed-in");
  if (!hasRole(member, "moderator")) throw new Refusal("not-allowed");
  return member;
}

/** Write a decision down; told twice, it is one line. */
export async function recordDecision(ctx: Ctx, decision: Decision): Promise<void> {
  const subjectKey = `${decision.subject.kind}/${decision.subject.id}`;
  await insertOnce(() =>
    ctx.collection(decisionsCollection).insertOne({ ...decision, subjectKey }),
  );
}

/** A page of the record, the latest first. */
export async function listDecisions(
  ctx: Ctx,
  after: string | null,
  limit: number,
): Promise<Slice<Decision>> {
  const found = await ctx
    .collection(decisionsCollection)
    .find(before(after), { sort: { at: -1, _id: -1 }, limit: limit + 1 })
    .toArray();
  return sliceOf(found, limit, ({ at, _id }) => packCursor([at, _id]));
}

function before(after: string | null): object {
  if (after === null) return {};
  const [time, id] = unpackCursor(after, 2);
  const at = new Date(Number(time));
  return { $or: [{ at: { $lt: at } }, { at, _id: { $lt: String(id) } }] };
}

/** Several decisions at once, by id; unknown ids are left out. At most 1,000 ids. */
export async function decisionsByIds(
  ctx: Ctx,
  ids: readonly string[],
): Promise<Map<string, Decision>> {
  const wanted = [...new Set(ids)].slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(decisionsCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((decision) => [decision._id, decision]));
}

/** What was decided about one thing, the latest first, at most 50. */
export function decisionsAbout(ctx: Ctx, subjectKey: string): Promise<Decision[]> {
  return ctx
    .collection(decisionsCollection)
    .find({ subjectKey }, { sort: { at: -1 }, limit: 50 })
    .toArray();
}
