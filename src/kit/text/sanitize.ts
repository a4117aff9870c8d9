import { createRequire } from "node:module";
import type sanitizeHtml from "sanitize-html";
import { htmlToText } from "./html-text.js";
import { readUrl } from "../../drivers/web-address.js";

export { htmlToText } from "./html-text.js";

/** Loaded when the first text is cleaned: a start need not wait for it. */
const onDemand = createRequire(import.meta.url);
const sanitizer = (): typeof sanitizeHtml => onDemand("sanitize-html") as typeof sanitizeHtml;

/** Remote HTML beyond this many UTF-16 units is cut off before it is read. */
export const MAX_REMOTE_HTML = 100_000;

/** A tag this deep in remote HTML loses its markup and keeps its text. */
const MAX_KEPT_DEPTH = 40;

/** No honest text nests this deep: what does is reduced to its words by a pass without a stack. */
const MAX_PARSED_DEPTH = 200;

/** What every link written by a person or sent by another server carries. */
export const UNTRUSTED_LINK_REL = "nofollow noopener ugc";

/** Elements whose content is no text for a reader; dropped with all they hold. */
const SILENT_TAGS = [
  "iframe",
  "math",
  "noembed",
  "noframes",
  "noscript",
  "object",
  "option",
  "script",
  "select",
  "style",
  "svg",
  "template",
  "textarea",
  "title",
  "xmp",
];

const CLASSES = ["mention", "hashtag", "invisible", "ellipsis"];

const REMOTE_TAGS =
  "p span br a del s pre blockquote code b strong u i em ul ol li h3 h4 h5 h6".split(" ");

/**
 * The address itself when it is a whole web address that names no user, otherwise `null`. Relative
 * addresses are refused: on our page they would point at ourselves.
 */
export function safeWebAddress(address: string | undefined): string | null {
  if (address === undefined || address.length > 2048) return null;
  const url = readUrl(address);
  if (url === null) return null;
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return url.username === "" && url.password === "" ? url.href : null;
}

function remoteLink(_tag: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const href = safeWebAddress(attribs["href"]);
  if (href === null) return { tagName: "span", attribs: {} };
  const kept: sanitizeHtml.Attributes = { href, rel: UNTRUSTED_LINK_REL };
  if (attribs["class"] !== undefined) kept["class"] = attribs["class"];
  return { tagName: "a", attribs: kept };
}

const REMOTE_OPTIONS: sanitizeHtml.IOptions = {
  allowedTags: REMOTE_TAGS,
  allowedAttributes: { a: ["href", "rel"] },
  allowedClasses: { a: CLASSES, span: CLASSES },
  allowedSchemes: ["http", "https"],
  allowProtocolRelative: false,
  nonTextTags: SILENT_TAGS,
  nestingLimit: MAX_KEPT_DEPTH,
  parseStyleAttributes: false,
  transformTags: { a: remoteLink, h1: "h3", h2: "h3" },
};

class TooDeep extends Error {}

function depthGuard(): Pick<sanitizeHtml.IOptions, "onOpenTag" | "onCloseTag"> {
  let depth = 0;
  return {
    onOpenTag() {
      depth += 1;
      if (depth > MAX_PARSED_DEPTH) throw new TooDeep();
    },
    onCloseTag() {
      depth -= 1;
    },
  };
}

function paragraphsOf(text: string): string {
  return text
    .split("\n\n")
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => `<p>${escapeHtml(paragraph).replaceAll("\n", "<br />")}</p>`)
    .join("");
}

/** The text as HTML that shows exactly it. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** At most `max` UTF-16 units of `text`, never ending inside a character. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/**
 * Clean HTML with an allow-list, in time linear in its (bounded) length. Markup nested absurdly deep
 * is reduced to its words, so that no parser's stack grows with what a stranger sent.
 */
export function cleanWith(html: string, options: sanitizeHtml.IOptions): string {
  try {
    return sanitizer()(html, { ...options, ...depthGuard() });
  } catch (error) {
    if (error instanceof TooDeep) return paragraphsOf(htmlToText(html));
    throw error;
  }
}

/**
 * HTML from another server, made safe to keep and to show: the elements that Mastodon sends, web
 * links only (`rel="nofollow noopener ugc"`), and of classes only those that mark mentions,
 * hashtags and shortened addresses. Input beyond 100,000 units is cut. Never throws.
 */
export function cleanRemoteHtml(html: string): string {
  return cleanWith(cutText(html, MAX_REMOTE_HTML), REMOTE_OPTIONS);
}
