/** A member's wish to hear of what happens to something; the pair is unique. */
export interface Follow {
  readonly _id: string;
  readonly memberId: string;
  readonly kind: "proposal" | "topic";
  readonly targetId: string;
  readonly at: Date;
}
