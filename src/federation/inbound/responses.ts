import type { Proposal } from "../../features/proposals/proposal.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { receiveResponse, receiveResponseEdit } from "../../features/responses/receiving.js";
import { isGivenHere, responseByUri } from "../../features/responses/responses.js";
import { receiveResponseWithdrawn } from "../../features/responses/withdrawing.js";
import type { Ctx } from "../../kit/index.js";
import { htmlToText } from "../../kit/text/sanitize.js";
import { isAnswerer } from "../answerers.js";
import type { Normal } from "../port.js";
import { changedAt } from "../translate/response.js";
import { unlessDeleted } from "./deleted.js";
import type { Inbound, Outcome } from "./inbound.js";
import { isLinkedActor, takeProposalNow, type Reading } from "./linked.js";
import { civicResponse, first, idOf, isPublic, moment, updatedAt } from "./read.js";

type Answering = Reading & Pick<Inbound, "actor">;

/**
 * Whether an actor is one whose answers are taken where a proposal was published: that alone decides,
 * and is asked again when it did not name them before, since it may have been linked with them later, or
 * name more than it tells unasked. An Update does not ask about them, and so leaves them out of the row
 * again: a name is kept only as long as it is told, and costs one reading when it matters.
 */
async function mayAnswer(reading: Reading, proposal: Proposal, actor: string): Promise<boolean> {
  if (proposal.origin === "here") return isAnswerer(reading.ctx, actor);
  if (proposal.elsewhere?.answeredBy.includes(actor) === true) return true;
  const { answeredBy } = await takeProposalNow({ ...reading, answerer: actor }, proposal.uri);
  return answeredBy.includes(actor);
}

/**
 * An official response by the city of a linked instance, to a proposal that we know and that is its
 * to answer: never to what was proposed to our own town hall, or to another one.
 */
export function takeResponse(inbound: Answering, note: Normal): Promise<Outcome> {
  const { ctx, actor } = inbound;
  const uri = note.id ?? "";
  return unlessDeleted(
    ctx,
    { uri, by: actor },
    { act: () => keepResponse(inbound, note), takeBack: () => dropResponse(ctx, uri, actor) },
  );
}

/** An official response that was taken back; only the word of the actor that gave it counts. */
export async function dropResponse(ctx: Ctx, uri: string, actor: string): Promise<Outcome> {
  const response = await responseByUri(ctx, uri);
  if (response === null || isGivenHere(ctx, response)) return "unknown";
  if (response.saidBy !== actor) return "not its author";
  await receiveResponseWithdrawn(ctx, uri, actor);
  return "response withdrawn";
}

async function keepResponse(inbound: Answering, note: Normal): Promise<Outcome> {
  const { ctx, actor } = inbound;
  const civic = civicResponse.safeParse(note["civic"]);
  const uri = note.id ?? "";
  if (!civic.success || !isPublic(note)) return "not a response";
  if (!(await isLinkedActor(ctx, actor))) return "not from a linked instance";
  const answered = idOf(first(note, "inReplyTo"));
  const proposal = answered === null ? null : await proposalByUri(ctx, answered);
  if (proposal === null) return "answers nothing we know";
  if (!(await mayAnswer(inbound, proposal, actor))) return "not theirs to answer";
  const { data } = civic;
  const said = {
    ...{ office: data.office, decision: data.decision },
    ...{ html: data.text, text: htmlToText(data.text) },
    milestones: data.milestones.map(({ id, ...rest }) => ({ _id: id, ...rest })),
  };
  const known = await responseByUri(ctx, uri);
  if (known !== null) {
    if (known.proposalId !== proposal._id) return "answers another proposal";
    if (known.saidBy !== actor) return "not its author";
    const editedAt = updatedAt(note, ctx.clock.now());
    if (editedAt === null) return "figures only";
    const held = changedAt(known);
    if (held !== null && editedAt < held) return "older than what is held";
    await receiveResponseEdit(ctx, uri, { ...said, editedAt });
    return "response edited";
  }
  const publishedAt = moment(first(note, "published"), ctx.clock.now());
  await receiveResponse(ctx, {
    ...{ ...said, uri, proposalId: proposal._id, publishedAt, saidBy: actor },
  });
  return "response";
}
