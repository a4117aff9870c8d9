import { z } from "zod";
import { readUrl } from "../../drivers/web-address.js";
import type { RemoteAct } from "../../kit/index.js";
import { parseBoundedJson } from "../bounded-json.js";

/** Relations of FEP-3b86, one for each kind of activity that a server lets its people do. */
export const intentRel = (activity: string): string => `https://w3id.org/fep/3b86/${activity}`;

/** The older relation: one address for whatever is to be done with what is named. */
export const subscribeRel = "http://ostatus.org/schema/1.0/subscribe";

const text = z.string().max(2048);
const linkSchema = z.object({
  rel: text,
  template: text.nullish().catch(null),
  href: text.nullish().catch(null),
});
const jrdSchema = z.object({
  subject: text.nullish().catch(null),
  links: z
    .array(z.unknown())
    .transform((links) =>
      links.slice(0, mostLinks).flatMap((link) => {
        const parsed = linkSchema.safeParse(link);
        return parsed.success ? [parsed.data] : [];
      }),
    )
    .catch([]),
});
const mostLinks = 100;

/** What a server tells of an account. */
export type Jrd = z.infer<typeof jrdSchema>;

/** Read a WebFinger answer; null for what is none. Only its first hundred links are looked at. */
export function readJrd(body: Uint8Array): Jrd | null {
  const parsed = jrdSchema.safeParse(parseBoundedJson(body)?.value);
  return parsed.success ? parsed.data : null;
}

/** What somebody wants to act on, as other servers know it. */
export interface ActedOn {
  /** Id of the object that is supported or answered, or of the actor that is followed. */
  readonly uri: string;
  /** The page to come back to. */
  readonly page: string;
}

/** How a relation is asked for; null when its template has no place for what it is about. */
interface Relation {
  readonly rel: string;
  readonly needs: string;
}

const anything: readonly Relation[] = [
  { rel: intentRel("Object"), needs: "object" },
  { rel: subscribeRel, needs: "uri" },
];

const relations: Readonly<Record<RemoteAct, readonly Relation[]>> = {
  support: [{ rel: intentRel("Like"), needs: "object" }, ...anything],
  comment: [{ rel: intentRel("Create"), needs: "inReplyTo" }, ...anything],
  follow: [{ rel: intentRel("Follow"), needs: "object" }, ...anything],
};

/** What may be chosen as a way: where it leads, and whom it is believed from. */
export interface WayRules {
  /** Hosts that the answer may speak for; their subdomains, too. */
  readonly hosts: readonly string[];
  /** Tests and demonstrations alone. */
  readonly plainHttp: boolean;
}

/**
 * The address at which somebody does something on their own server: by the intent of FEP-3b86 for
 * it, else by the subscribe template. Null when nothing of that is offered, or only what leads away
 * from the server that was named: a hostile answer must not make our site vouch for any address.
 */
export function wayFor(jrd: Jrd, act: RemoteAct, on: ActedOn, rules: WayRules): URL | null {
  for (const { rel, needs } of relations[act]) {
    for (const link of jrd.links) {
      const template = link.rel === rel ? (link.template ?? link.href) : null;
      if (template == null || !template.includes(`{${needs}}`)) continue;
      const way = checked(expand(template, on), rules);
      if (way !== null) return way;
    }
  }
  return null;
}

/** Fill a template: what we know percent-encoded, what we do not know left empty (FEP-3b86, 3.2). */
function expand(template: string, { uri, page }: ActedOn): string {
  const values: Readonly<Record<string, string>> = {
    ...{ uri, object: uri, inReplyTo: uri, type: "Note" },
    ...{ "on-success": page, "on-cancel": page },
  };
  return template.replace(/\{([^{}]{0,100})\}/g, (_, name: string) =>
    Object.hasOwn(values, name) ? percentEncoded(values[name] ?? "") : "",
  );
}

function percentEncoded(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function checked(address: string, { hosts, plainHttp }: WayRules): URL | null {
  const way = address.length > 4096 ? null : readUrl(address);
  if (way === null || way.username !== "" || way.password !== "") return null;
  if (way.protocol !== "https:" && !(plainHttp && way.protocol === "http:")) return null;
  const isTheirs = hosts.some((host) => way.host === host || way.host.endsWith(`.${host}`));
  return isTheirs ? way : null;
}
