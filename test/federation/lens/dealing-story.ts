import { commentByUri } from "../../../src/features/comments/comments.js";
import {
  forwardReport,
  reportsCollection,
  reportSubject,
} from "../../../src/features/moderation/reports.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import { block, unblock } from "../../../src/federation/policy/rules.js";
import { aDraft } from "../../support/builders.js";
import type { Stage } from "./stage.js";
import type { Step } from "./story.js";

/** The town hall answers so often that its profile has no place for its first answer any more. */
export async function answerMore({ town }: Stage, step: Step): Promise<void> {
  const author = await town.newcomer("Alix");
  const mayor = await town.newcomer("Maire", "official");
  await step("the town hall answers three more", async () => {
    for (const title of ["Un banc", "Une haie", "Un préau"]) {
      const { _id: proposalId } = await publishProposal(author, aDraft({ title }));
      await publishResponse(mayor, {
        ...{ proposalId, office: "Mairie", decision: "under-study", body: "Nous étudions." },
        milestones: [],
      });
      await town.settle();
      town.clock.advance(1_000);
    }
  });
}

/** What servers have with each other: quotes, reports and blocks. */
export async function deal(
  { town, peers }: Stage,
  step: Step,
  proposal: Pick<Proposal, "_id" | "uri">,
): Promise<void> {
  const peer = peers.get("proposal");
  if (peer === undefined) throw new Error("there is no such server");
  const writer = await peer.actor("writer");
  const tell = async (type: string, object: unknown, change: object = {}): Promise<void> => {
    const activity = peer.activity(writer, type, object, { ...change });
    const { status } = await peer.post(town, writer, activity);
    if (status !== 202) throw new Error(`the ${type} was answered ${status}`);
    await town.settle();
  };
  const quoting = peer.note(writer, { quote: proposal.uri });
  await step("somebody elsewhere quotes the proposal", () =>
    tell("QuoteRequest", proposal.uri, { instrument: quoting }),
  );
  await step("and deletes that post", () => tell("Delete", quoting["id"]));
  await step("somebody would quote what is not there", () =>
    tell("QuoteRequest", `${town.origin}/proposals/999`, { instrument: quoting["id"] }),
  );
  const note = peer.note(writer, { inReplyTo: proposal.uri });
  await step("somebody elsewhere follows and comments", async () => {
    await tell("Follow", `${proposal.uri}/actor`);
    await tell("Create", note);
  });
  const moderator = await town.newcomer("Modération", "moderator");
  await step("a moderator passes a report on", async () => {
    const comment = await commentByUri(town.visitor, String(note["id"]));
    const subject = { kind: "comment", id: comment?._id ?? "" } as const;
    await reportSubject(moderator, { subject, why: "abuse", words: "Des insultes" });
    const report = await town.visitor.collection(reportsCollection).findOne({ state: "open" });
    await forwardReport(moderator, report?._id ?? "", "Des insultes.");
  });
  const { rules } = town.federation;
  await step("the city blocks them", () =>
    block(rules, town.visitor, { who: writer.uri, severity: "blocked" }),
  );
  await step("and does so no more", () => unblock(rules, town.visitor, writer.uri));
}
