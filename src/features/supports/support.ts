/** One person's backing of a proposal; the pair is unique. */
export interface Support {
  readonly _id: string;
  readonly proposalId: string;
  readonly personId: string;
  readonly origin: "here" | "elsewhere";
  readonly at: Date;
}
