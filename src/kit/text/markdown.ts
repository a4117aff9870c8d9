import createMarkdownIt, { type MarkdownIt, type Token } from "markdown-it";
import type { IOptions } from "sanitize-html";
import { cleanWith, cutText, htmlToText, safeWebAddress, UNTRUSTED_LINK_REL } from "./sanitize.js";

/** A text beyond this many UTF-16 units is cut before it is rendered; forms refuse it long before. */
export const MAX_MARKDOWN = 30_000;

const LOCAL_OPTIONS: IOptions = {
  allowedTags: "p br a s pre blockquote code strong em ul ol li hr h3 h4 h5 h6".split(" "),
  allowedAttributes: { a: ["href", "rel", "title"], ol: ["start"] },
  allowedSchemes: ["http", "https", "mailto"],
  allowProtocolRelative: false,
  parseStyleAttributes: false,
};

/** Pages use h1 for their title and h2 for their parts, so a body begins at h3. */
function shiftHeading(tag: string): string {
  return `h${Math.min(6, Number(tag.slice(1)) + 2)}`;
}

function isSafeLink(address: string): boolean {
  return address.slice(0, 7).toLowerCase() === "mailto:" || safeWebAddress(address) !== null;
}

/**
 * Link `https://…` and `www.…` as people paste them, and nothing shorter: with bare domains, a
 * forgotten space after a full stop ("fini.Et puis") would become a link to a stranger's site.
 */
function linkOnlyWholeAddresses(markdown: MarkdownIt): void {
  markdown.linkify.set({ fuzzyEmail: false, fuzzyLink: true, maxLength: 1000 });
  markdown.linkify.normalize = (match) => {
    if (match.schema !== "") return;
    match.url = match.raw.toLowerCase().startsWith("www.") ? `https://${match.raw}` : "";
  };
}

type MakeToken = new (type: string, tag: string, nesting: -1 | 0 | 1) => Token;

function textToken(make: MakeToken, content: string): Token {
  const token = new make("text", "", 0);
  token.content = content;
  return token;
}

/** No picture is loaded from another host: a Markdown image becomes a link to it, or bare text inside a link. */
function withoutImages(tokens: readonly Token[], make: MakeToken): Token[] {
  let links = 0;
  return tokens.flatMap((token) => {
    if (token.type === "link_open") links += 1;
    if (token.type === "link_close") links -= 1;
    if (token.type !== "image") return [token];
    const address = String(token.attrGet("src") ?? "");
    const label = textToken(make, token.content === "" ? address : token.content);
    if (links > 0) return [label];
    const open = new make("link_open", "a", 1);
    open.attrSet("href", address);
    return [open, label, new make("link_close", "a", -1)];
  });
}

function createRenderer(): MarkdownIt {
  const markdown = new createMarkdownIt({ html: false, linkify: true, breaks: true }).disable(
    "table",
  );
  markdown.set({ maxNesting: 50 });
  markdown.validateLink = isSafeLink;
  linkOnlyWholeAddresses(markdown);
  markdown.core.ruler.push("headings-and-images", (state) => {
    for (const token of state.tokens) {
      if (token.type.startsWith("heading_")) token.tag = shiftHeading(token.tag);
      if (token.children !== null) token.children = withoutImages(token.children, state.Token);
    }
  });
  markdown.renderer.rules["link_open"] = (tokens, index, options, _env, self) => {
    tokens[index]?.attrSet("rel", UNTRUSTED_LINK_REL);
    return self.renderToken(tokens, index, options);
  };
  return markdown;
}

const markdownRenderer = createRenderer();

/**
 * What a member wrote, in Markdown, as safe HTML: no raw HTML, headings from h3 down, line breaks
 * kept, pictures turned into links, no tables (Mastodon drops them), links `rel="nofollow noopener ugc"`. The text itself is stored
 * as it was given; this is done when it is shown or sent. Never throws.
 */
export function renderMarkdown(source: string): string {
  return cleanWith(markdownRenderer.render(cutText(source, MAX_MARKDOWN)), LOCAL_OPTIONS).trim();
}

/**
 * The first words of an HTML text on one line, for a description, a card or a mail: at most
 * `maxLength` UTF-16 units, cut between words and ended by "…" when something is left out.
 */
export function plainText(html: string, maxLength: number): string {
  const line = beginningOf(html, maxLength).split(/\s+/u).join(" ").trim();
  if (line.length <= maxLength) return line;
  const cut = cutText(line, Math.max(0, maxLength - 1));
  const lastSpace = cut.lastIndexOf(" ");
  const atWord = lastSpace > maxLength / 2 ? cut.slice(0, lastSpace) : cut;
  return `${atWord.trimEnd()}…`;
}

/** Anything but paragraphs, line ends and emphasis. */
const NOT_SIMPLE = /&|<(?!\/?(?:p|em|strong)>|br ?\/?>)/;

/** The text of enough HTML for its first words, unless that is nearly all tags. */
function beginningOf(html: string, words: number): string {
  const enough = 200 + 2 * words;
  if (html.length <= enough) return textOf(html);
  const begun = html.slice(0, enough);
  const tag = begun.lastIndexOf("<");
  const text = textOf(tag > begun.lastIndexOf(">") ? begun.slice(0, tag) : begun);
  return text.length > 1.5 * words ? text : htmlToText(html);
}

function textOf(html: string): string {
  if (NOT_SIMPLE.test(html)) return htmlToText(html);
  return html.replace(/<\/?p>|<br ?\/?>/g, " ").replace(/<[^>]*>/g, "");
}
