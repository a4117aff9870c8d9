import type { Comment } from "../../../src/features/comments/comment.js";
import { receiveComment } from "../../../src/features/comments/receiving.js";
import { moderation } from "../../../src/features/moderation/moderation.feature.js";
import { receivePerson } from "../../../src/features/people/people.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import type { Provenance } from "../../../src/features/comments/verdict.js";
import type { Ctx, Member } from "../../../src/kit/index.js";
import { aProposal, ofStranger } from "../../support/builders.js";
import { aCity, type City, type CityOptions } from "../../support/city.js";
import { aMember, tellingFeatures } from "../notifications/support.js";

/** A city with a proposal, its author, and a moderator. */
export interface Bench {
  readonly city: City;
  readonly author: Ctx & { readonly member: Member };
  readonly moderator: Ctx & { readonly member: Member };
  readonly proposal: Proposal;
  /** Somebody of elsewhere says something; a stranger unless told otherwise. */
  say(who: string, text: string, change?: Said): Promise<Comment>;
  counted(): Promise<number | undefined>;
}

/** How something is said. */
export interface Said extends Partial<Provenance> {
  readonly parentId?: string | null;
  readonly uri?: string;
}

/** Somebody of another server. */
export function aRemote(ctx: Ctx, who: string) {
  return receivePerson(ctx, {
    ...{ uri: `https://social.example/users/${who}`, name: who, about: "" },
    ...{ handle: `${who}@social.example`, host: "social.example" },
    url: `https://social.example/@${who}`,
  });
}

/** Have somebody of elsewhere say something under a proposal. */
export async function saidElsewhere(
  ctx: Ctx,
  proposalId: string,
  who: string,
  text: string,
  { parentId = null, uri, ...from }: Said = {},
): Promise<Comment> {
  const person = await aRemote(ctx, who);
  const id = uri ?? `https://social.example/notes/${ctx.ids.next()}`;
  return receiveComment(ctx, {
    ...{ uri: id, proposalId, parentId, personId: person._id, text, html: `<p>${text}</p>` },
    ...{ publishedAt: ctx.clock.now(), from: ofStranger(from) },
  });
}

/** Set it up. */
export async function aBench(options: CityOptions = {}): Promise<Bench> {
  const city = await aCity({ ...options, features: [...tellingFeatures, moderation] });
  const author = await aMember(city, "Alix");
  const moderator = await city.newcomer("Modération", "moderator");
  const proposal = await aProposal(author);
  return {
    ...{ city, author, moderator, proposal },
    say: (who, text, change) => saidElsewhere(city.visitor, proposal._id, who, text, change),
    counted: async () => (await proposalById(city.visitor, proposal._id))?.counts.comments,
  };
}
