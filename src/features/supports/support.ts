import type { Proposal } from "../proposals/proposal.js";

/** One person's backing of a proposal; the pair is unique. */
export interface Support {
  readonly _id: string;
  readonly proposalId: string;
  readonly personId: string;
  readonly origin: "here" | "elsewhere";
  readonly at: Date;
}

/** What of a proposal decides whether it can be supported, and where that is told. */
export type Supportable = Pick<Proposal, "_id" | "status" | "origin">;
