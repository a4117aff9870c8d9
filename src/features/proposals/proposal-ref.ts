import { Refusal, type Ctx } from "../../kit/index.js";
import type { Proposal } from "./proposal.js";
import { proposalById, proposalByNumber } from "./proposals.js";

/** How addresses of actions name a proposal: its number, or `linked-<id>` for one of elsewhere. */
export function refOf({ _id, number }: Pick<Proposal, "_id" | "number">): string {
  return number === null ? `linked-${_id}` : String(number);
}

/** The proposal that an address names. Refuses "not-found". */
export async function proposalByRef(ctx: Ctx, ref: string | undefined): Promise<Proposal> {
  const linked = /^linked-([0-9a-z]{1,40})$/.exec(ref ?? "")?.[1];
  const proposal =
    linked === undefined
      ? await proposalByNumber(ctx, numberIn(ref))
      : await proposalById(ctx, linked);
  if (proposal === null) throw new Refusal("not-found");
  return proposal;
}

/** A public number as addresses write it; 0, which nothing has, for anything else. */
export function numberIn(text: string | undefined): number {
  return /^[1-9]\d{0,9}$/.test(text ?? "") ? Number(text) : 0;
}
