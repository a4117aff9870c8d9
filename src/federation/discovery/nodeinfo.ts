import type { Ctx, Instance } from "../../kit/index.js";
import type { Policy } from "../policy/policy.js";
import { actorUri, instanceActor } from "../addresses.js";
import { usageOf } from "./census.js";

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

/** NodeInfo 2.1 (FEP-0151); its figures are counted beside, a piece an hour. */
export function createNodeInfo(version: string, policy: Policy): (ctx: Ctx) => Promise<object> {
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
        civic: { kind: ctx.instance.kind, language: ctx.instance.language },
        federation: {
          enabled: mode !== "closed",
          mode,
          authorizedFetch: signedReads || mode === "allow-list",
        },
      },
    };
  };
}
