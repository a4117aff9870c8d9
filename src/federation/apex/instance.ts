import type { Apex, ApexContext } from "activitypub-express";
import { extraTerms, SECURITY_CONTEXT } from "../vocabulary.js";
import { bundledContexts } from "./contexts.js";
import { assertApexShape } from "./shape.js";

const routes = {
  actor: "/u/:actor",
  object: "/o/:id",
  activity: "/s/:id",
  inbox: "/u/:actor/inbox",
  outbox: "/u/:actor/outbox",
  followers: "/u/:actor/followers",
  following: "/u/:actor/following",
  liked: "/u/:actor/liked",
  blocked: "/u/:actor/blocked",
  rejections: "/u/:actor/rejections",
  rejected: "/u/:actor/rejected",
  shares: "/s/:id/shares",
  likes: "/s/:id/likes",
  collections: "/u/:actor/c/:id",
};

/**
 * Load activitypub-express and make the one instance that its pure parts need. It has no store, no
 * network and no routes: its context loader knows the bundled contexts only, and its chains are
 * compared with those that were audited. Loaded on first need, since JSON-LD is slow to start.
 * @throws when the package is not the one that was audited.
 */
export async function openApex(): Promise<Apex> {
  const { default: createApex } = await import("activitypub-express");
  const apex = createApex({
    baseUrl: "https://parts.invalid",
    domain: "parts.invalid",
    actorParam: "actor",
    objectParam: "id",
    routes,
    context: [SECURITY_CONTEXT, extraTerms],
    store: {},
    offlineMode: true,
  });
  apex.jsonldContextLoader = bundledLoader();
  assertApexShape(apex);
  return apex;
}

function bundledLoader(): (url: string) => Promise<ApexContext> {
  const contexts = bundledContexts();
  return (url) => {
    const document = contexts.get(url);
    if (document === undefined) return Promise.reject(new Error("no such context is bundled"));
    return Promise.resolve({ contextUrl: null, documentUrl: url, document, tag: "static" });
  };
}
