/** A theme of local life; followable. */
export interface Topic {
  readonly _id: string;
  /** Part of its address and, after `topic_`, of its network handle: `[a-z0-9-]{1,24}`, unique. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Order in lists, ascending. */
  readonly position: number;
  /** Proposals that are not withdrawn. */
  readonly proposalCount: number;
  readonly createdAt: Date;
}
