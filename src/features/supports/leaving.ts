import type { Ctx } from "../../kit/index.js";
import { personById } from "../people/people.js";
import { proposalsCollection } from "../proposals/proposals.js";
import { removeSupport, supportsCollection } from "./supports.js";

const batch = 500;

/**
 * Who leaves the network leaves other instances with all they gave there: their supports of
 * proposals elsewhere end here as they do there. What they back again later, as a new actor, counts
 * anew, and once. Run again, it changes nothing.
 */
export async function endSupportsElsewhere(ctx: Ctx, personId: string): Promise<void> {
  const person = await personById(ctx, personId);
  let until = person?.origin === "here" ? (person.leftAt ?? null) : null;
  while (until !== null) {
    const given = await ctx
      .collection(supportsCollection)
      .find(
        { personId, at: { $lte: until } },
        { sort: { at: -1 }, limit: batch, projection: { proposalId: 1, at: 1 } },
      )
      .toArray();
    const ids = given.map(({ proposalId }) => proposalId);
    const elsewhere =
      ids.length === 0
        ? []
        : await ctx
            .collection(proposalsCollection)
            .find(
              { _id: { $in: ids }, origin: "elsewhere" },
              { limit: batch, projection: { _id: 1 } },
            )
            .toArray();
    for (const { _id } of elsewhere) await removeSupport(ctx, { proposalId: _id, personId });
    const last: Date | undefined = given.length < batch ? undefined : given.at(-1)?.at;
    until = last === undefined ? null : new Date(Math.min(last.getTime(), until.getTime() - 1));
  }
}
