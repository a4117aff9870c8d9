import {
  addressesIn,
  hostOf,
  idOf,
  isDoc,
  isForAll,
  listOf,
  textOf,
  typeOf,
  type Doc,
} from "./documents.js";
import { boldLines, cardLink, linesOf, shownHtml } from "./words.js";

/** A post as somebody on Mastodon sees it. */
export interface SeenStatus {
  readonly id: string;
  readonly author: string;
  /** `link`: of such an object only name, summary and address are shown. */
  readonly kind: "post" | "poll" | "link";
  readonly title: readonly string[];
  readonly lines: readonly string[];
  readonly warning: string | null;
  readonly sensitive: boolean;
  readonly language: string | null;
  readonly visibility: "public" | "unlisted" | "followers" | "direct";
  readonly url: string | null;
  readonly answers: string | null;
  readonly thread: string | null;
  readonly hashtags: readonly string[];
  readonly mentions: ReadonlyArray<{ readonly handle: string; readonly told: boolean }>;
  readonly pictures: readonly string[];
  readonly card: string | null;
  readonly favourites: number | null;
  readonly boosts: number | null;
  readonly quotable: boolean;
  readonly published: string | null;
  readonly edited: string | null;
}

const asPost: ReadonlySet<string> = new Set(["Note", "Question"]);
const asLink: ReadonlySet<string> = new Set([
  "Article",
  "Page",
  "Event",
  "Image",
  "Audio",
  "Video",
]);
/** More pictures are left out. */
const mostPictures = 4;

/** Why Mastodon shows nothing of an object, or null. */
export function hiddenBecause(object: Doc, actor: string): string | null {
  const id = idOf(object["id"]);
  const author = idOf(object["attributedTo"]);
  if (id === null) return "it has no id";
  if (hostOf(id) !== hostOf(actor)) return "it is of another host";
  if (author !== actor) return "it is by somebody else";
  if (!asPost.has(typeOf(object)) && !asLink.has(typeOf(object))) return "unknown type";
  if (
    textOf(object["name"]) !== null &&
    object["inReplyTo"] != null &&
    !textOf(object["content"])
  ) {
    return "it passes for a vote";
  }
  return null;
}

/** What is shown of an object that is not hidden. */
export function statusOf(object: Doc): SeenStatus {
  const html = htmlOf(object);
  const shown = shownHtml(html);
  const author = idOf(object["attributedTo"]) ?? "";
  return {
    ...{ id: idOf(object["id"]) ?? "", author, kind: kindOf(object) },
    ...{ title: boldLines(shown), lines: linesOf(shown) },
    warning: asLink.has(typeOf(object)) ? null : textOf(object["summary"]),
    sensitive: object["sensitive"] === true,
    language: isDoc(object["contentMap"]) ? (Object.keys(object["contentMap"])[0] ?? null) : null,
    visibility: visibilityOf(object),
    url: urlOf(object),
    answers: idOf(object["inReplyTo"]),
    thread: textOf(object["conversation"]) ?? textOf(object["context"]),
    hashtags: tagsOf(object, "Hashtag").map((tag) => String(tag["name"])),
    mentions: mentionsOf(object),
    pictures: picturesOf(object).slice(0, mostPictures),
    card: attachedCard(object) ?? cardLink(shown),
    favourites: totalOf(object["likes"]),
    boosts: totalOf(object["shares"]),
    quotable: mayBeQuoted(object),
    ...{ published: textOf(object["published"]), edited: textOf(object["updated"]) },
  };
}

function kindOf(object: Doc): SeenStatus["kind"] {
  if (asLink.has(typeOf(object))) return "link";
  return typeOf(object) === "Question" ? "poll" : "post";
}

function htmlOf(object: Doc): string {
  if (asLink.has(typeOf(object))) {
    const title = textOf(object["name"]) ?? "";
    const url = urlOf(object) ?? "";
    return `<h2>${title}</h2>${textOf(object["summary"]) ?? ""}<p><a href="${url}">${url}</a></p>`;
  }
  const map = object["contentMap"];
  return textOf(object["content"]) ?? (isDoc(map) ? String(Object.values(map)[0] ?? "") : "");
}

function visibilityOf(object: Doc): SeenStatus["visibility"] {
  if (isForAll(object, "to")) return "public";
  if (isForAll(object, "cc")) return "unlisted";
  return addressesIn(object, "to").some((to) => to.endsWith("/followers")) ? "followers" : "direct";
}

/** With several links, the first wins. One of another host is not believed. */
function urlOf(object: Doc): string | null {
  const first = listOf(object["url"])[0];
  const url = isDoc(first) ? textOf(first["href"]) : textOf(first);
  return hostOf(url) === hostOf(idOf(object["id"])) ? url : null;
}

function tagsOf(object: Doc, type: string): Doc[] {
  return listOf(object["tag"]).filter((tag): tag is Doc => isDoc(tag) && typeOf(tag) === type);
}

/** Only somebody who is addressed, too, is told that they were mentioned. */
function mentionsOf(object: Doc): SeenStatus["mentions"] {
  const addressed = [...addressesIn(object, "to"), ...addressesIn(object, "cc")];
  return tagsOf(object, "Mention").map((tag) => ({
    handle: String(tag["name"]),
    told: addressed.includes(idOf(tag["href"]) ?? ""),
  }));
}

function picturesOf(object: Doc): string[] {
  return listOf(object["attachment"])
    .filter(isDoc)
    .filter((one) => one["href"] === undefined)
    .map((one) => textOf(one["url"]))
    .filter((url) => url !== null);
}

function attachedCard(object: Doc): string | null {
  const cards = listOf(object["attachment"]).filter(isDoc);
  return cards.map((one) => textOf(one["href"])).find((href) => href !== null) ?? null;
}

function totalOf(collection: unknown): number | null {
  if (!isDoc(collection)) return null;
  return typeof collection["totalItems"] === "number" ? collection["totalItems"] : null;
}

function mayBeQuoted(object: Doc): boolean {
  const policy = object["interactionPolicy"];
  const canQuote = isDoc(policy) ? policy["canQuote"] : null;
  return isDoc(canQuote) && isForAll(canQuote, "automaticApproval");
}
