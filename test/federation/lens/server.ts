import { accountOf, pinnedBy, refusedBecause, type SeenAccount } from "./account.js";
import { dropped, nobody, takeDealing } from "./dealings.js";
import {
  addressesIn,
  idOf,
  isDoc,
  listOf,
  textOf,
  typeOf,
  type Doc,
  type Load,
} from "./documents.js";
import { hiddenBecause, statusOf, type SeenStatus } from "./status.js";

/** What becomes of an activity on a Mastodon server. */
export interface Outcome {
  readonly what:
    | "post"
    | "edit"
    | "figures"
    | "boost"
    | "post removed"
    | "account removed"
    | "account changed"
    | "follow accepted"
    | "follow asked"
    | "follow refused"
    | "quote allowed"
    | "quote refused"
    | "quote ended"
    | "report"
    | "blocked"
    | "block lifted"
    | "pinned"
    | "unpinned"
    | "dropped";
  readonly why: string | null;
  readonly status: SeenStatus | null;
  /** Who finds it in their home feed, by the ids of their accounts. */
  readonly home: readonly string[];
  /** Who is told that they were mentioned or answered. */
  readonly notified: readonly string[];
}

/** A Mastodon server as its users see it: what it lets in, and where that is shown. */
export interface MastodonServer {
  /** Somebody there follows an account. Its pins are read, as Mastodon does with a new account. */
  follow(follower: string, actorUri: string): Promise<SeenAccount>;
  take(activity: Doc): Promise<Outcome>;
}

/** How large an activity may be. */
const mostBytes = 1_048_576;
/** How old an unknown post may be for its Update to be taken for a Create. */
const stillNewMs = 86_400_000;

/** What a server knows. */
export interface Known {
  readonly load: Load;
  readonly now: () => Date;
  readonly isLocal: (uri: string) => boolean;
  readonly followers: Map<string, Set<string>>;
  readonly statuses: Map<string, SeenStatus>;
  readonly removed: Set<string>;
  /** Authorisations of quotes that were found to be right. */
  readonly quotes: Set<string>;
  /** Which post each one has in their home feed already, boosted or not. */
  readonly feeds: Map<string, Set<string>>;
}

/** Open one, whose accounts are those that `origin` hosts. */
export function aMastodonServer(origin: string, load: Load, now: () => Date): MastodonServer {
  const known: Known = {
    ...{ load, now, isLocal: (uri: string) => uri.startsWith(`${origin}/`) },
    ...{
      followers: new Map(),
      statuses: new Map(),
      removed: new Set(),
      quotes: new Set(),
      feeds: new Map(),
    },
  };
  return {
    async follow(follower, actorUri) {
      const actor = await load(actorUri);
      const refused = actor === null ? "it is not there" : await refusedBecause(actor, load);
      if (actor === null || refused !== null) throw new Error(`${actorUri}: ${String(refused)}`);
      known.followers.set(actorUri, followersOf(known, actorUri).add(follower));
      for (const post of await pinnedBy(actor, load)) remember(known, statusOf(post));
      return accountOf(actor, load);
    },
    take: (activity) => take(known, activity),
  };
}

const followersOf = ({ followers }: Known, uri: string): Set<string> =>
  followers.get(uri) ?? new Set();
const isFollowed = (known: Known, uri: string): boolean => followersOf(known, uri).size > 0;

function remember({ statuses }: Known, status: SeenStatus): void {
  statuses.set(status.id, status);
}

async function take(known: Known, activity: Doc): Promise<Outcome> {
  if (Buffer.byteLength(JSON.stringify(activity)) > mostBytes) return dropped("too large");
  if (known.isLocal(idOf(activity["id"]) ?? "")) return dropped("its own");
  const actor = idOf(activity["actor"]) ?? "";
  const object = listOf(activity["object"])[0];
  switch (typeOf(activity)) {
    case "Create":
      return isDoc(object) ? takePost(known, actor, object) : dropped("nothing inside");
    case "Update":
      return isDoc(object) ? takeUpdate(known, actor, object) : dropped("nothing inside");
    case "Announce":
      return takeBoost(known, actor, idOf(object) ?? "");
    case "Delete":
      return takeDelete(known, actor, idOf(object) ?? "");
    case "Follow":
      return { ...nobody, what: "follow asked" };
    case "Add":
      return takePin(known, activity, "pinned");
    case "Remove":
      return takePin(known, activity, "unpinned");
    default:
      return takeDealing(known, activity);
  }
}

/** A delivered post is let in only when it concerns somebody here. */
function concerns(known: Known, actor: string, object: Doc): boolean {
  const answered = known.statuses.get(idOf(object["inReplyTo"]) ?? "")?.author;
  const called = [...addressesIn(object, "to"), ...addressesIn(object, "cc")];
  return (
    isFollowed(known, actor) ||
    (answered !== undefined && (isFollowed(known, answered) || known.isLocal(answered))) ||
    called.some(known.isLocal)
  );
}

function takePost(known: Known, actor: string, object: Doc): Outcome {
  const hidden = hiddenBecause(object, actor);
  if (hidden !== null) return dropped(hidden);
  const status = statusOf(object);
  if (known.removed.has(status.id)) return dropped("removed before");
  if (known.statuses.has(status.id)) return dropped("known already");
  if (!concerns(known, actor, object)) return dropped("unrelated");
  remember(known, status);
  const called = [...addressesIn(object, "to"), ...addressesIn(object, "cc")];
  const readers = [...followersOf(known, actor)].filter((one) => isForHome(known, status, one));
  return {
    ...{ what: "post", why: null, status },
    home: readers.filter((one) => isNewIn(known, one, status.id)),
    notified: called.filter(known.isLocal),
  };
}

/** A reply is in somebody's feed only when they follow both, or somebody answers themselves. */
function isForHome({ statuses, followers }: Known, status: SeenStatus, reader: string): boolean {
  if (status.answers === null) return true;
  const answered = statuses.get(status.answers)?.author;
  if (answered === undefined) return false;
  return answered === status.author || (followers.get(answered)?.has(reader) ?? false);
}

function isNewIn({ feeds }: Known, reader: string, id: string): boolean {
  const feed = feeds.get(reader) ?? new Set();
  if (feed.has(id)) return false;
  feeds.set(reader, feed.add(id));
  return true;
}

function takeUpdate(known: Known, actor: string, object: Doc): Outcome {
  if (idOf(object["id"]) === actor) {
    return isFollowed(known, actor)
      ? { ...nobody, what: "account changed" }
      : dropped("unknown account");
  }
  const before = known.statuses.get(idOf(object["id"]) ?? "");
  if (before === undefined) return takeLate(known, actor, object);
  const hidden = hiddenBecause(object, actor);
  if (hidden !== null) return dropped(hidden);
  const status = statusOf(object);
  remember(known, status);
  const isEdit = (status.edited ?? "") > (before.edited ?? before.published ?? "");
  return { ...nobody, what: isEdit ? "edit" : "figures", status };
}

function takeLate(known: Known, actor: string, object: Doc): Outcome {
  const published = new Date(textOf(object["published"]) ?? 0).getTime();
  if (known.now().getTime() - published > stillNewMs) return dropped("unknown and old");
  return takePost(known, actor, object);
}

async function takeBoost(known: Known, actor: string, id: string): Promise<Outcome> {
  if (!isFollowed(known, actor) && !known.isLocal(id)) return dropped("unrelated");
  const object = known.statuses.has(id) ? null : await known.load(id);
  if (object !== null) {
    const hidden = hiddenBecause(object, idOf(object["attributedTo"]) ?? "");
    if (hidden !== null) return dropped(hidden);
    remember(known, statusOf(object));
  }
  const status = known.statuses.get(id);
  if (status === undefined) return dropped("what it boosts is not there");
  const home = [...followersOf(known, actor)].filter((one) => isNewIn(known, one, id));
  return { what: "boost", why: null, status, home, notified: [] };
}

/** Only posts of one's own, and only at the top of one's own profile. */
async function takePin(known: Known, activity: Doc, what: "pinned" | "unpinned"): Promise<Outcome> {
  const actor = idOf(activity["actor"]) ?? "";
  const id = idOf(activity["object"]) ?? "";
  const profile = await known.load(actor);
  if (idOf(activity["target"]) !== idOf(profile?.["featured"])) return dropped("not a profile");
  const post = known.statuses.get(id) ?? (await known.load(id));
  const author = post === null ? null : "author" in post ? post.author : idOf(post["attributedTo"]);
  return author === actor ? { ...nobody, what } : dropped("it is by somebody else");
}

function takeDelete(known: Known, actor: string, id: string): Outcome {
  if (id === actor) return { ...nobody, what: "account removed" };
  if (known.quotes.delete(id)) return { ...nobody, what: "quote ended" };
  const status = known.statuses.get(id);
  if (status !== undefined && status.author !== actor) return dropped("it is by somebody else");
  known.removed.add(id);
  if (status === undefined) return dropped("unknown");
  known.statuses.delete(id);
  return { ...nobody, what: "post removed", status };
}
