import sanitizeHtml from "sanitize-html";

const classes = ["h-*", "p-*", "u-*", "dt-*", "e-*", "mention", "hashtag", "ellipsis", "invisible"];

/**
 * HTML as Mastodon keeps it: its list of elements, headings as bold paragraphs, links made safe,
 * everything else reduced to its text (MASTODON_STRICT of its sanitiser).
 */
export function shownHtml(html: string): string {
  const headed = html
    .replace(/<h[1-6]\b[^>]*>/gi, "<p><strong>")
    .replace(/<\/h[1-6]>/gi, "</strong></p>");
  return sanitizeHtml(headed, {
    allowedTags: "p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp".split(
      " ",
    ),
    allowedAttributes: {
      "*": ["lang"],
      a: ["href", "rel", "class", "translate", "target"],
      span: ["class", "translate"],
      ol: ["start", "reversed"],
      li: ["value"],
    },
    allowedClasses: { a: classes, span: classes, p: classes },
    allowedSchemes: ["http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp"],
    transformTags: {
      a: sanitizeHtml.simpleTransform("a", { rel: "nofollow noopener", target: "_blank" }),
    },
  });
}

const decoded: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };

/** The words of shown HTML, a line for each paragraph, list item and break. */
export function linesOf(shown: string): string[] {
  return shown
    .replace(/<li[^>]*>/g, "\n• ")
    .replace(/<br[^>]*>|<\/(?:p|pre|blockquote|ul|ol)>|<(?:p|pre|blockquote)[^>]*>/g, "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(lt|gt|quot|amp);/g, (_all, name: string) => decoded[name] ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The first lines that are bold from end to end: what stands out as a title. */
export function boldLines(shown: string): string[] {
  return [...shown.matchAll(/<p><strong>([^<]*)<\/strong><\/p>/g)].flatMap(([, text = ""]) =>
    linesOf(text),
  );
}

/** Where the card under a post leads: the first link that is no mention and no hashtag. */
export function cardLink(shown: string): string | null {
  for (const [, attributes = "", text = ""] of shown.matchAll(/<a([^>]*)>(.*?)<\/a>/g)) {
    if (/class="[^"]*(?:mention|u-url|h-card|hashtag)/.test(attributes)) continue;
    if (text.startsWith("#")) continue;
    return /href="([^"]*)"/.exec(attributes)?.[1]?.replaceAll("&amp;", "&") ?? null;
  }
  return null;
}
