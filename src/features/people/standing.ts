import { z } from "zod";
import { defineCollection, defineEvent, type Ctx } from "../../kit/index.js";

/** How somebody of elsewhere stands with the moderators; who has no row is a stranger. */
export interface Standing {
  /** The person's id. */
  readonly _id: string;
  readonly standing: "trusted" | "blocked" | "forgiven";
  readonly at: Date;
  readonly by: string;
  readonly note: string;
  /** Codes of what was wrong. */
  readonly why: readonly string[];
  /** Its line in the record of decisions; null for a trust that came with a released comment. */
  readonly decisionId: string | null;
}

/** Moderators trust somebody of elsewhere, blocked them, or lifted that. */
export const standingChanged = defineEvent(
  "standing-changed",
  z.object({ personId: z.string(), decisionId: z.string().nullable() }),
);

export const standingsCollection = defineCollection<Standing>("standings", []);

/** How somebody stands; null for a stranger. */
export async function standingOf(ctx: Ctx, personId: string): Promise<Standing | null> {
  return ctx.collection(standingsCollection).findOne({ _id: personId });
}

/** Those of at most 1,000 people whom moderators have blocked. */
export async function blockedAmong(ctx: Ctx, ids: readonly string[]): Promise<Set<string>> {
  const wanted = [...new Set(ids)].slice(0, 1000);
  if (wanted.length === 0) return new Set();
  const rows = await ctx
    .collection(standingsCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Set(rows.filter(({ standing }) => standing === "blocked").map(({ _id }) => _id));
}

/** Take somebody's comments without asking from now on; who is blocked stays so. */
export async function trustAuthor(
  ctx: Ctx,
  personId: string,
  { by, at }: Pick<Standing, "by" | "at">,
): Promise<void> {
  const rows = ctx.collection(standingsCollection);
  const known = await rows.findOne({ _id: personId });
  if (known?.standing === "trusted" || known?.standing === "blocked") return;
  await rows.updateOne(
    { _id: personId },
    { $set: { standing: "trusted", at, by, note: "", why: [], decisionId: null } },
    { upsert: true },
  );
}

/** Block somebody, or lift that; told twice, it is once. */
export async function setStanding(ctx: Ctx, row: Standing): Promise<void> {
  const { _id: personId, ...rest } = row;
  await ctx.commit(standingChanged, { personId, decisionId: row.decisionId }, () =>
    ctx
      .collection(standingsCollection)
      .updateOne({ _id: personId }, { $set: rest }, { upsert: true }),
  );
}
