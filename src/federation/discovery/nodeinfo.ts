import { LRUCache } from "lru-cache";
import { commentsCollection } from "../../features/comments/comments.js";
import { peopleCollection } from "../../features/people/people.js";
import { proposalsCollection } from "../../features/proposals/proposals.js";
import type { Ctx, Instance } from "../../kit/index.js";
import type { Policy } from "../policy/policy.js";
import { actorUri, instanceActor } from "../addresses.js";

const schema = "http://nodeinfo.diaspora.software/ns/schema/2.1";

/** Where the NodeInfo document is, and the actor that signs our requests (FEP-2677). */
export function nodeInfoLinks(instance: Instance): object {
  return {
    links: [
      { rel: schema, href: instance.url("/nodeinfo/2.1") },
      {
        rel: "https://www.w3.org/ns/activitystreams#Application",
        href: actorUri(instance, instanceActor),
      },
    ],
  };
}

interface Usage {
  readonly people: number;
  readonly proposals: number;
  readonly comments: number;
}

/** NodeInfo 2.1 (FEP-0151). Figures are counted at most once an hour for each instance. */
export function createNodeInfo(version: string, policy: Policy): (ctx: Ctx) => Promise<object> {
  const usages = new LRUCache<string, Usage>({ max: 5_000, ttl: 3_600_000 });

  async function usageOf(ctx: Ctx): Promise<Usage> {
    const known = usages.get(ctx.instance._id);
    if (known !== undefined) return known;
    const [people, proposals, comments] = await Promise.all([
      ctx.collection(peopleCollection).countDocuments({ origin: "here", erasedAt: null }),
      ctx.collection(proposalsCollection).countDocuments({ number: { $gt: 0 } }),
      ctx.collection(commentsCollection).countDocuments({ origin: "here", state: "shown" }),
    ]);
    const usage = { people, proposals, comments };
    usages.set(ctx.instance._id, usage);
    return usage;
  }

  return async (ctx) => {
    const { people, proposals, comments } = await usageOf(ctx);
    const { mode, signedReads } = await policy.settings(ctx);
    return {
      version: "2.1",
      software: { name: "parvis", version },
      protocols: ["activitypub"],
      services: { inbound: [], outbound: ["atom1.0"] },
      openRegistrations: true,
      usage: { users: { total: people }, localPosts: proposals, localComments: comments },
      metadata: {
        nodeName: ctx.instance.name,
        nodeDescription: ctx.instance.tagline,
        federation: {
          enabled: mode !== "closed",
          mode,
          authorizedFetch: signedReads || mode === "allow-list",
        },
      },
    };
  };
}
