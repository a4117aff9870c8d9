import type { ProposalCard, StatusView } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import type { Person } from "../people/person.js";
import { peopleByIds } from "../people/people.js";
import { personView } from "../people/person-view.js";
import type { Topic } from "../topics/topic.js";
import { topicsByIds } from "../topics/topics.js";
import { proposalPath, type Proposal, type Status } from "./proposal.js";

/** A status with its word in the reader's language. */
export function statusView(ctx: Ctx, code: Status): StatusView {
  return { code, label: ctx.t.t(`site.status.${code}`) };
}

/** A topic as cards and pages link to it; null when the proposal has none. */
export function topicLink(topic: Topic | undefined): { name: string; url: string } | null {
  return topic === undefined ? null : { name: topic.name, url: `/topics/${topic.slug}` };
}

/** What to call a proposal whose home instance deleted its words. */
export function titleOf(ctx: Ctx, { title }: Pick<Proposal, "title">): string {
  return title === "" ? ctx.t.t("proposals.deletedTitle") : title;
}

/** The cards of a list: topics and authors of all of them are looked up at once. */
export async function cardsOf(ctx: Ctx, proposals: readonly Proposal[]): Promise<ProposalCard[]> {
  const [topics, people] = await Promise.all([
    topicsByIds(
      ctx,
      proposals.map(({ topicId }) => topicId),
    ),
    peopleByIds(
      ctx,
      proposals.map(({ authorId }) => authorId),
    ),
  ]);
  return proposals.map((proposal) => cardOf(ctx, proposal, { topics, people }));
}

interface Known {
  readonly topics: ReadonlyMap<string, Topic>;
  readonly people: ReadonlyMap<string, Person>;
}

function cardOf(ctx: Ctx, proposal: Proposal, { topics, people }: Known): ProposalCard {
  const { number, elsewhere, counts, publishedAt } = proposal;
  return {
    ...{ number, publishedAt, supports: counts.supports, comments: counts.comments },
    title: titleOf(ctx, proposal),
    url: proposalPath(proposal),
    topic: topicLink(topics.get(proposal.topicId ?? "")),
    status: statusView(ctx, proposal.status),
    author:
      elsewhere === null
        ? { name: personView(ctx, people.get(proposal.authorId ?? "")).name }
        : { name: elsewhere.authorName },
    excerpt: plainText(proposal.html, 180),
    place: proposal.place?.name ?? null,
    origin: elsewhere?.instanceName ?? null,
  };
}
