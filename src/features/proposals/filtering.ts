import { listedStatuses, type Proposal, type Status } from "./proposal.js";

/** What a list of proposals is narrowed to; without a status all but withdrawn ones. */
export interface ProposalFilter {
  readonly topicId?: string | undefined;
  readonly status?: Status | undefined;
  readonly from?: Proposal["origin"] | undefined;
  /** Of what others published only that whose home takes this actor's answers. */
  readonly answeredBy?: string | undefined;
}

/** The filter as the indexes want it: every leading field bound to one value or to a few. */
export function storeFilter({ topicId, status, from, answeredBy }: ProposalFilter) {
  return {
    ...(topicId === undefined ? {} : { topicId }),
    status: status ?? { $in: [...listedStatuses] },
    origin: from ?? { $in: ["here", "elsewhere"] as Array<Proposal["origin"]> },
    ...(answeredBy === undefined ? {} : { "elsewhere.answeredBy": { $in: [null, answeredBy] } }),
  };
}
