import { registrableDomain } from "../../drivers/registrable-domain.js";
import { commentByUri } from "../../features/comments/comments.js";
import type { Subject } from "../../features/moderation/decision.js";
import { receiveReport } from "../../features/moderation/reports.js";
import { personByHandle } from "../../features/people/people.js";
import { mostWords } from "../../features/proposals/fault.js";
import { proposalByNumber, proposalByUri } from "../../features/proposals/proposals.js";
import type { Ctx } from "../../kit/index.js";
import { cutText, htmlToText } from "../../kit/text/sanitize.js";
import { hostOf, localActor } from "../addresses.js";
import type { Handle } from "./inbound.js";
import { all, first, idOf } from "./read.js";

/** So many things are read of one Flag at most. */
const mostObjects = 20;

/**
 * Another server reports accounts or posts that are shown here: for moderators only. Its words are
 * kept as plain text; reported again by the same actor, it is one report.
 */
export const flagIn: Handle = async ({ ctx, actor, activity }) => {
  const uris = all(activity, "object", mostObjects)
    .map(idOf)
    .filter((uri): uri is string => uri !== null);
  const content = first(activity, "content");
  const html = typeof content === "string" ? cutText(content, 100_000) : "";
  const words = cutText(htmlToText(html), mostWords);
  const host = hostOf(actor) ?? "";
  const subjects = (await Promise.all([...new Set(uris)].map((uri) => subjectAt(ctx, uri)))).filter(
    (subject): subject is Subject => subject !== null,
  );
  // With its posts, the account is only whose they are (as Mastodon sends it).
  const posts = subjects.filter(({ kind }) => kind !== "person");
  let news = 0;
  for (const subject of posts.length > 0 ? posts : subjects) {
    const report = {
      subject,
      why: "other",
      words,
      actorUri: actor,
      host,
      site: registrableDomain(host),
    } as const;
    if (await receiveReport(ctx, report)) news += 1;
  }
  if (subjects.length === 0) return "reports nothing of ours";
  return news > 0 ? "report" : "reported already";
};

async function subjectAt(ctx: Ctx, uri: string): Promise<Subject | null> {
  const comment = await commentByUri(ctx, uri);
  if (comment !== null) return { kind: "comment", id: comment._id };
  const found = await proposalByUri(ctx, uri);
  if (found !== null) return { kind: "proposal", id: found._id };
  const actor = localActor(ctx.instance, uri);
  if (actor?.kind === "proposal") {
    const proposal = await proposalByNumber(ctx, actor.number);
    return proposal === null ? null : { kind: "proposal", id: proposal._id };
  }
  const person = actor?.kind === "person" ? await personByHandle(ctx, actor.handle) : null;
  return person?.uri == null ? null : { kind: "person", id: person._id };
}
