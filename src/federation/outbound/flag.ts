import { commentById } from "../../features/comments/comments.js";
import { reportById } from "../../features/moderation/reports.js";
import { personById } from "../../features/people/people.js";
import { standingOf } from "../../features/people/standing.js";
import type { Ctx } from "../../kit/index.js";
import { instanceActor } from "../addresses.js";
import { block, unblock, type RuleParts } from "../policy/rules.js";
import { remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { nobody, type Send } from "./send.js";

/**
 * A moderator passes a report on to the server of who wrote the comment: a Flag by the instance's own
 * actor about the account and the post, as Mastodon understands it. Who reported is not told.
 */
export async function tellReport(
  services: Services,
  send: Send,
  ctx: Ctx,
  reportId: string,
): Promise<void> {
  const report = await reportById(ctx, reportId);
  if (report === null || report.forwarded === null || report.subject.kind !== "comment") return;
  const comment = await commentById(ctx, report.subject.id);
  const author = comment?.origin === "elsewhere" ? await personById(ctx, comment.authorId) : null;
  if (comment === null || author === null || author.uri === null) return;
  const { inbox } = await remoteActor(services, ctx, author.uri);
  await send(ctx, {
    ...{ key: `flag/${reportId}`, actor: instanceActor, type: "Flag", objectUri: comment.uri },
    ...{
      object: [author.uri, comment.uri],
      more: { content: report.forwarded.note },
      listed: false,
    },
    audience: { ...nobody, inboxes: [inbox] },
  });
}

/** A moderator blocked somebody of elsewhere, or lifted it: the door hears, too. */
export async function heedStanding(rules: RuleParts, ctx: Ctx, personId: string): Promise<void> {
  const [row, person] = await Promise.all([standingOf(ctx, personId), personById(ctx, personId)]);
  if (row === null || person === null || person.origin === "here" || person.uri === null) return;
  const who = person.uri;
  if (row.standing === "blocked") return block(rules, ctx, { who, severity: "blocked" });
  if (row.standing === "forgiven") await unblock(rules, ctx, who);
}
