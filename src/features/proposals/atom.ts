import type { Ctx } from "../../kit/index.js";
import { proposalPath, type Proposal } from "./proposal.js";
import { titleOf } from "./cards.js";

/** A feed of proposals. */
export interface ProposalFeed {
  readonly title: string;
  /** Path of the feed itself, which is its id. */
  readonly path: string;
  /** Path of the page it is a feed of. */
  readonly page: string;
  readonly proposals: readonly Proposal[];
}

/** Text made safe for XML: markup is escaped, characters XML 1.0 forbids are left out. */
export function xml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** An Atom document (RFC 4287) of proposals. */
export function atomOf(ctx: Ctx, { title, path, page, proposals }: ProposalFeed): string {
  const { instance, language } = ctx;
  const updated = proposals.reduce(
    (latest, { movedAt }) => (movedAt > latest ? movedAt : latest),
    instance.createdAt,
  );
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}">`,
    `<id>${xml(instance.url(path))}</id>`,
    `<title>${xml(`${title} – ${instance.name}`)}</title>`,
    `<link rel="self" type="application/atom+xml" href="${xml(instance.url(path))}"/>`,
    `<link rel="alternate" type="text/html" href="${xml(instance.url(page))}"/>`,
    `<updated>${updated.toISOString()}</updated>`,
    `<author><name>${xml(instance.name)}</name></author>`,
    ...proposals.map((proposal) => entryOf(ctx, proposal)),
    "</feed>",
    "",
  ].join("\n");
}

function entryOf(ctx: Ctx, proposal: Proposal): string {
  const { uri, publishedAt, editedAt, html } = proposal;
  return [
    "<entry>",
    `<id>${xml(uri)}</id>`,
    `<title>${xml(titleOf(ctx, proposal))}</title>`,
    `<link rel="alternate" type="text/html" href="${xml(ctx.instance.url(proposalPath(proposal)))}"/>`,
    `<published>${publishedAt.toISOString()}</published>`,
    `<updated>${(editedAt ?? publishedAt).toISOString()}</updated>`,
    `<content type="html">${xml(html)}</content>`,
    "</entry>",
  ].join("\n");
}
