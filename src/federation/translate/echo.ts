import type { Echo } from "../documents/echo.js";
import { collectionDocument, countDocument } from "../documents/paging.js";
import { PUBLIC, type As2 } from "../vocabulary.js";

/** Anybody may quote what we publish, and is told so at once (FEP-044f, as Mastodon reads it). */
export const quotable: As2 = { canQuote: { automaticApproval: PUBLIC } };

/** Nobody but its own author may quote it, as Mastodon writes it. */
export function quotableBy(author: string): As2 {
  return { canQuote: { automaticApproval: [author] } };
}

/**
 * `replies`, with the first page inside, `likes` and `shares` of a Note: servers show the figures
 * without asking, and read the thread from that page. Without an echo they only say where they are.
 */
export function echoLines(uri: string, echo: Echo | null): As2 {
  const [ordered, at] = [false, (name: string): string => `${uri}/${name}`];
  if (echo === null) {
    const place = (name: string): As2 => ({ id: at(name), type: "Collection" });
    return { replies: place("replies"), likes: place("likes"), shares: place("shares") };
  }
  const { replies, first, likes, shares } = echo;
  return {
    replies: collectionDocument({ id: at("replies"), ordered, total: replies }, first),
    likes: countDocument({ id: at("likes"), ordered, total: likes }),
    shares: countDocument({ id: at("shares"), ordered, total: shares }),
  };
}
