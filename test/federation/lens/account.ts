import { hostOf, idOf, isDoc, listOf, textOf, typeOf, type Doc, type Load } from "./documents.js";
import { linesOf, shownHtml } from "./words.js";

/** An account as somebody on Mastodon sees it. */
export interface SeenAccount {
  readonly handle: string;
  readonly name: string;
  readonly bio: readonly string[];
  /** What stands beside the name. */
  readonly label: "automated" | "group" | null;
  readonly url: string | null;
  readonly since: string | null;
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: readonly string[] }>;
  readonly picture: string | null;
  readonly header: string | null;
  readonly followers: number | null;
  readonly following: number | null;
  /** Ids of pinned posts. */
  readonly pinned: readonly string[];
  readonly suggested: boolean;
  readonly searched: boolean;
  readonly locked: boolean;
}

const people: ReadonlySet<string> = new Set([
  ...["Person", "Group", "Organization", "Service", "Application"],
]);
const handleRule = /^[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*$/i;

/** Why Mastodon refuses an actor, or null: document, key, and WebFinger that leads back to it. */
export async function refusedBecause(actor: Doc, load: Load): Promise<string | null> {
  const id = idOf(actor["id"]);
  if (id === null || !/^https?:/.test(id)) return "it has no id";
  if (!people.has(typeOf(actor))) return "unknown type";
  if (textOf(actor["inbox"]) === null) return "it has no inbox";
  const name = textOf(actor["preferredUsername"]);
  if (name === null || !handleRule.test(name)) return "its handle is ill-formed";
  if (!listOf(actor["publicKey"]).some((key) => isDoc(key) && key["owner"] === id)) {
    return "it has no key of its own";
  }
  const resource = encodeURIComponent(`acct:${name}@${hostOf(id)}`);
  const jrd = await load(`${new URL(id).origin}/.well-known/webfinger?resource=${resource}`);
  if (jrd === null) return "WebFinger does not know it";
  const self = listOf(jrd["links"])
    .filter(isDoc)
    .find((link) => link["rel"] === "self" && link["type"] === "application/activity+json");
  if (self?.["href"] !== id) return "WebFinger leads elsewhere";
  const subject = String(jrd["subject"]).toLowerCase();
  return subject === `acct:${name}@${hostOf(id)}` ? null : "WebFinger names somebody else";
}

/** What is shown of an actor that is not refused. */
export async function accountOf(actor: Doc, load: Load): Promise<SeenAccount> {
  const total = async (name: string): Promise<number | null> => {
    const address = idOf(actor[name]);
    const collection = address === null ? null : await load(address);
    const count = collection?.["totalItems"];
    return typeof count === "number" ? count : null;
  };
  return {
    handle: `@${String(actor["preferredUsername"])}@${hostOf(idOf(actor["id"]))}`,
    name: textOf(actor["name"]) ?? String(actor["preferredUsername"]),
    bio: linesOf(shownHtml(textOf(actor["summary"]) ?? "")),
    label: labelOf(actor),
    url: idOf(actor["url"]),
    since: textOf(actor["published"])?.slice(0, 10) ?? null,
    fields: fieldsOf(actor),
    picture: pictureIn(actor["icon"]),
    header: pictureIn(actor["image"]),
    followers: await total("followers"),
    following: await total("following"),
    pinned: (await pinnedBy(actor, load)).map((post) => idOf(post) ?? ""),
    suggested: actor["discoverable"] === true,
    searched: actor["indexable"] === true,
    locked: actor["manuallyApprovesFollowers"] === true,
  };
}

/** The posts that an actor pins, its own alone. */
export async function pinnedBy(actor: Doc, load: Load): Promise<Doc[]> {
  const address = idOf(actor["featured"]);
  const collection = address === null ? null : await load(address);
  if (collection === null) return [];
  const items = listOf(collection["orderedItems"] ?? collection["items"]);
  const posts = await Promise.all(
    items.map((one) => (isDoc(one) ? Promise.resolve(one) : load(String(one)))),
  );
  return posts
    .filter((post) => post !== null)
    .filter((post) => {
      return idOf(post["attributedTo"]) === idOf(actor["id"]);
    });
}

function labelOf(actor: Doc): SeenAccount["label"] {
  if (["Service", "Application"].includes(typeOf(actor))) return "automated";
  return typeOf(actor) === "Group" ? "group" : null;
}

function fieldsOf(actor: Doc): SeenAccount["fields"] {
  return listOf(actor["attachment"])
    .filter((one): one is Doc => isDoc(one) && typeOf(one) === "PropertyValue")
    .map(({ name, value }) => ({
      name: String(name),
      value: linesOf(shownHtml(String(value))),
    }));
}

function pictureIn(value: unknown): string | null {
  const image = listOf(value)[0];
  return isDoc(image) ? textOf(image["url"]) : textOf(image);
}
