import { defineCollection, isDuplicate, type Ctx } from "../../kit/index.js";
import { personById } from "../people/people.js";
import type { Support } from "./support.js";

/**
 * Those of one site, new here, whose supports of one proposal counted within one hour of the clock.
 * Rows remove themselves.
 */
interface Burst {
  /** Of the instance, the proposal, the site and the hour. */
  readonly _id: string;
  /** At most `mostNew`. */
  readonly people: readonly string[];
  readonly count: number;
  readonly expiresAt: Date;
}

export const burstsCollection = defineCollection<Burst>("supportBursts", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** So many supports by people who are new here count for one proposal, of one site, within an hour. */
export const mostNew = 30;

const hourMs = 3_600_000;
/** Who was first heard of less than this ago is new here. */
const newMs = 24 * hourMs;

/**
 * Whether somebody's support may count at once: who takes part for longer than a day always does, and
 * of those who are new here a few of one site. Asked again, the answer stays; of many who ask at the
 * same time, in whatever process, no more get a place.
 * @param site - whose the person's server is: names below a registered domain cost nothing
 */
export async function hasPlace(
  ctx: Ctx,
  { proposalId, personId }: Pick<Support, "proposalId" | "personId">,
  site: string,
): Promise<boolean> {
  const person = await personById(ctx, personId);
  const now = ctx.clock.now().getTime();
  if (person !== null && now - person.createdAt.getTime() >= newMs) return true;
  const hour = Math.floor(now / hourMs);
  const _id = `${ctx.instance._id}/${proposalId}/${site.slice(0, 260)}/${hour}`;
  const rows = ctx.collection(burstsCollection);
  for (;;) {
    const known = await rows.findOne({ _id });
    if (known?.people.includes(personId) === true) return true;
    if ((known?.count ?? 0) >= mostNew) return false;
    try {
      await rows.updateOne(
        { _id, count: { $lt: mostNew }, people: { $ne: personId } },
        {
          $push: { people: personId },
          $inc: { count: 1 },
          $setOnInsert: { expiresAt: new Date((hour + 2) * hourMs) },
        },
        { upsert: true },
      );
      return true;
    } catch (error) {
      // The row is there, and either full by now, or holds this person, or was only just made.
      if (!isDuplicate(error)) throw error;
    }
  }
}
