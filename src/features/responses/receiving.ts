import { Refusal, type Ctx } from "../../kit/index.js";
import { cleanRemoteHtml } from "../../kit/text/sanitize.js";
import { assertAnswerable, changeUnchanged, isSame, keepResponse } from "./answering.js";
import { isDay, longestStep, mostMilestones, type Milestone, type Response } from "./response.js";
import {
  isGivenHere,
  milestoneReached,
  responseByUri,
  responseEdited,
  settleStatus,
} from "./responses.js";
import { wasWithdrawn } from "./withdrawing.js";

/** An answer as the town hall's own instance tells it. */
export interface ReceivedResponse extends Pick<
  Response,
  "uri" | "proposalId" | "office" | "decision" | "publishedAt"
> {
  /** The actor that said it, whose word alone changes it. */
  readonly saidBy: string;
  readonly html: string;
  /** The same as plain text. */
  readonly text: string;
  /** Its steps, by the ids they have there. */
  readonly milestones: readonly Milestone[];
}

/** What of an answer of elsewhere may change after it was given. */
export interface ReceivedResponseEdit extends Omit<
  ReceivedResponse,
  "uri" | "proposalId" | "publishedAt" | "saidBy"
> {
  /** When it was changed, as its home says; now where that is unknown. */
  readonly editedAt?: Date;
}

/**
 * Keep the answer that another instance gave to a proposal; told twice, it is one. Its HTML is
 * cleaned before it is stored. A proposal that another answer already lies on is refused
 * ("already-answered"), as is a withdrawn one, and an answer that was taken back ("gone").
 */
export async function receiveResponse(ctx: Ctx, input: ReceivedResponse): Promise<Response> {
  const known = await responseByUri(ctx, input.uri);
  if (known !== null) return known;
  if (await wasWithdrawn(ctx, input.uri)) throw new Refusal("gone");
  await assertAnswerable(ctx, input.proposalId);
  const response: Response = {
    ...{ _id: ctx.ids.next(), uri: input.uri, proposalId: input.proposalId, authorId: null },
    ...{ ...saidFields(input), saidBy: input.saidBy },
    ...{ publishedAt: input.publishedAt, editedAt: null },
  };
  try {
    await keepResponse(ctx, response);
    return response;
  } catch (error) {
    const first = error instanceof Refusal ? await responseByUri(ctx, input.uri) : null;
    if (first === null) throw error;
    return first;
  }
}

/**
 * Keep what changed of an answer of another instance; told twice, it changes nothing. An unknown one
 * is refused ("not-found"), and so is one that was given here ("not-allowed").
 */
export async function receiveResponseEdit(
  ctx: Ctx,
  uri: string,
  input: ReceivedResponseEdit,
): Promise<Response> {
  const before = await responseByUri(ctx, uri);
  if (before === null) throw new Refusal("not-found");
  if (isGivenHere(ctx, before)) throw new Refusal("not-allowed");
  const said = saidFields(input);
  if (isSame(before, said)) return before;
  const responseId = before._id;
  const reached = said.milestones.filter(({ _id, doneAt }) => {
    return doneAt !== null && before.milestones.find((m) => m._id === _id)?.doneAt === null;
  });
  const reworded = !isSame({ ...before, milestones: undone(before) }, unsaid(said));
  const change = async (): Promise<Response> => {
    const set = reworded ? { ...said, editedAt: input.editedAt ?? ctx.clock.now() } : said;
    const after = await changeUnchanged(ctx, before, set);
    if (after === null) throw new Refusal("changed-meanwhile");
    await settleStatus(ctx, after._id);
    return after;
  };
  const announced = reached.reduce<() => Promise<Response>>(
    (inner, { _id }) =>
      () =>
        ctx.commit(milestoneReached, { responseId, milestoneId: _id, by: null }, inner),
    change,
  );
  return reworded ? ctx.commit(responseEdited, { responseId, by: null }, announced) : announced();
}

type Said = Pick<Response, "office" | "decision" | "body" | "html" | "milestones">;

function saidFields({ office, decision, html, text, milestones }: ReceivedResponseEdit): Said {
  return {
    office: office.slice(0, 200),
    decision,
    body: text.slice(0, 20_000),
    html: cleanRemoteHtml(html),
    milestones: receivedMilestones(milestones),
  };
}

function unsaid(said: Said): Said {
  return { ...said, milestones: undone(said) };
}

function undone({ milestones }: Pick<Response, "milestones">): Milestone[] {
  return milestones.map((milestone) => ({ ...milestone, doneAt: null }));
}

/** Steps of elsewhere: bounded, their ids made harmless and each used once, wrong days left out. */
function receivedMilestones(milestones: readonly Milestone[]): Milestone[] {
  const byId = new Map<string, Milestone>();
  for (const { _id, title, due, doneAt } of milestones.slice(0, mostMilestones)) {
    const id = _id.replace(/[^\w-]+/g, "-").slice(0, 100);
    byId.set(id, {
      _id: id,
      title: title.slice(0, longestStep),
      due: due !== null && isDay(due) ? due : null,
      doneAt,
    });
  }
  return [...byId.values()];
}
