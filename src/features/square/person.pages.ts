import type { ProposalCard } from "../../kit/component-models.js";
import {
  definePage,
  head,
  Refusal,
  type Ctx,
  type OwnServerView,
  type PageModel,
  type Req,
  followHandle,
  profileFieldViews,
  type ProfileFieldView,
  ownServer,
} from "../../kit/index.js";
import { plainText } from "../../kit/text/markdown.js";
import { commentsBy } from "../comments/discussion.js";
import { personByHandle } from "../people/people.js";
import { cardsOf, titleOf } from "../proposals/cards.js";
import { proposalsBy } from "../proposals/listing.js";
import { proposalsByIds } from "../proposals/proposals.js";

/** The public face of a member. */
export interface PersonPage extends PageModel {
  readonly name: string;
  readonly about: string | null;
  readonly fields: readonly ProfileFieldView[];
  readonly since: Date;
  /** Handle on the network, for who agreed to it. */
  readonly handle: string | null;
  readonly ownServer: OwnServerView | null;
  readonly mine: boolean;
  readonly cards: readonly ProposalCard[];
  readonly next: string | null;
  readonly comments: ReadonlyArray<{
    readonly url: string;
    readonly excerpt: string;
    readonly at: Date;
    readonly proposal: string;
  }>;
}

export const personPage = definePage<PersonPage>("people/show");

const perPage = 10;

/** What a member has proposed and said. Refuses: nobody by that handle, or no longer. */
export async function personModel(ctx: Ctx, req: Req): Promise<PersonPage> {
  const person = await personByHandle(ctx, req.params["handle"] ?? "");
  if (person === null) throw new Refusal("not-found");
  if (person.erasedAt !== null) throw new Refusal("gone");
  const page = { cursor: req.query["after"] ?? null, limit: perPage };
  const [{ items, next }, comments] = await Promise.all([
    proposalsBy(ctx, person._id, page),
    commentsBy(ctx, person._id, perPage),
  ]);
  const path = `/people/${person.handle}`;
  return {
    head: head(person.name, {
      description: ctx.t.t("people.description", {
        name: person.name,
        instance: ctx.instance.name,
      }),
      canonical: ctx.instance.url(path),
      alternateActivity: person.federated ? person.uri : null,
      noIndex: person.indexable !== true,
    }),
    name: person.name,
    about: person.about === "" ? null : person.about,
    fields: profileFieldViews(person.fields ?? []),
    since: person.createdAt,
    handle: person.federated ? await followHandle(ctx, person.handle) : null,
    ownServer: person.federated ? await ownServer(ctx, path, { acts: ["follow"] }) : null,
    mine: ctx.member?._id === person._id,
    cards: await cardsOf(ctx, items),
    next: next === null ? null : `${path}?after=${next}`,
    comments: await linesOf(ctx, comments),
  };
}

async function linesOf(ctx: Ctx, comments: Awaited<ReturnType<typeof commentsBy>>) {
  const proposals = await proposalsByIds(
    ctx,
    comments.map(({ proposalId }) => proposalId),
  );
  return comments.flatMap(({ _id, proposalId, html, publishedAt }) => {
    const proposal = proposals.get(proposalId);
    if (proposal === undefined) return [];
    const excerpt = plainText(html, 180);
    return [
      { url: `/comments/${_id}`, excerpt, at: publishedAt, proposal: titleOf(ctx, proposal) },
    ];
  });
}
