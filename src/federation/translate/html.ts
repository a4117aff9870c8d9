import { escapeHtml } from "../../kit/text/sanitize.js";

/** A paragraph of plain text. */
export function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

/** A link with plain text. */
export function link(href: string, text: string): string {
  return `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
}

/** A link to a topic's page, as other servers recognise a hashtag (microformats, as Mastodon writes it). */
export function hashtagLink(href: string, words: string): string {
  return (
    `<a href="${escapeHtml(href)}" class="mention hashtag" rel="tag">` +
    `#<span>${escapeHtml(hashtag(words))}</span></a>`
  );
}

/** A mention as other servers recognise it (microformats h-card, as Mastodon writes it). */
export function mention(uri: string, handle: string): string {
  return (
    `<span class="h-card"><a href="${escapeHtml(uri)}" class="u-url mention">` +
    `@<span>${escapeHtml(handle.split("@")[0] ?? handle)}</span></a></span>`
  );
}

/** A word as a hashtag: letters and digits only, `Espaces verts` becomes `EspacesVerts`. */
export function hashtag(words: string): string {
  return words
    .normalize("NFC")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toLocaleUpperCase() + word.slice(1))
    .join("");
}
