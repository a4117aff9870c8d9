/** The kinds of document that we ask other servers for. */
export type AcceptKind = "activity" | "jrd" | "nodeinfo";

const activityStreams = "https://www.w3.org/ns/activitystreams";

const acceptHeaders: Record<AcceptKind, string> = {
  activity: `application/activity+json, application/ld+json; profile="${activityStreams}"`,
  jrd: "application/jrd+json, application/json",
  nodeinfo: "application/json, application/jrd+json",
};

/** The `Accept` header of a request for a document of that kind. */
export function acceptHeader(kind: AcceptKind): string {
  return acceptHeaders[kind];
}

function hasActivityProfile(parameters: readonly string[]): boolean {
  const profile = parameters
    .map((parameter) => /^\s*profile\s*=\s*"?([^"]*)"?\s*$/i.exec(parameter)?.[1])
    .find((value) => value !== undefined);
  return profile?.split(/\s+/).includes(activityStreams) ?? false;
}

/**
 * Whether a `Content-Type` is one of those that the kind allows. For activities that is
 * `application/activity+json`, or `application/ld+json` with the ActivityStreams profile and never
 * without it: a host where people upload files may serve those (ActivityPub, section 3.2).
 */
export function isAllowedType(kind: AcceptKind, contentType: string): boolean {
  const [essence = "", ...parameters] = contentType.slice(0, 512).split(";");
  const type = essence.trim().toLowerCase();
  if (kind === "activity") {
    if (type === "application/activity+json") return true;
    return type === "application/ld+json" && hasActivityProfile(parameters);
  }
  return type === "application/json" || type === "application/jrd+json";
}
