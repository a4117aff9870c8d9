import type { Ctx } from "../../kit/index.js";
import { xml } from "../proposals/atom.js";
import { titleOf } from "../proposals/cards.js";
import { proposalsByIds } from "../proposals/proposals.js";
import { responsePath, type Response } from "./response.js";
import { latestResponses } from "./responses.js";

/** The latest answers as an Atom document (RFC 4287). */
export async function responsesAtom(ctx: Ctx): Promise<string> {
  const { instance, language } = ctx;
  const { items } = await latestResponses(ctx, { cursor: null, limit: 30 });
  const proposals = await proposalsByIds(
    ctx,
    items.map(({ proposalId }) => proposalId),
  );
  const updated = items.map(movedAt).reduce((a, b) => (b > a ? b : a), instance.createdAt);
  const title = `${ctx.t.t("responses.list.title")} – ${instance.name}`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}">`,
    `<id>${xml(instance.url("/responses.atom"))}</id>`,
    `<title>${xml(title)}</title>`,
    `<link rel="self" type="application/atom+xml" href="${xml(instance.url("/responses.atom"))}"/>`,
    `<link rel="alternate" type="text/html" href="${xml(instance.url("/responses"))}"/>`,
    `<updated>${updated.toISOString()}</updated>`,
    `<author><name>${xml(instance.name)}</name></author>`,
    ...items.map((response) =>
      entryOf(ctx, response, titleOf(ctx, proposals.get(response.proposalId) ?? { title: "" })),
    ),
    "</feed>",
    "",
  ].join("\n");
}

function movedAt({ publishedAt, editedAt, milestones }: Response): Date {
  return [editedAt, ...milestones.map(({ doneAt }) => doneAt)].reduce<Date>(
    (latest, at) => (at !== null && at > latest ? at : latest),
    publishedAt,
  );
}

function entryOf(ctx: Ctx, response: Response, proposalTitle: string): string {
  const decision = ctx.t.t(`site.status.${response.decision}`);
  return [
    "<entry>",
    `<id>${xml(response.uri)}</id>`,
    `<title>${xml(`${decision} – ${proposalTitle}`)}</title>`,
    `<link rel="alternate" type="text/html" href="${xml(ctx.instance.url(responsePath(response)))}"/>`,
    `<published>${response.publishedAt.toISOString()}</published>`,
    `<updated>${movedAt(response).toISOString()}</updated>`,
    `<author><name>${xml(response.office)}</name></author>`,
    `<content type="html">${xml(response.html)}</content>`,
    "</entry>",
  ].join("\n");
}
