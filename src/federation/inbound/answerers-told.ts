import type { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import { proposalByUri } from "../../features/proposals/proposals.js";
import { actorUri, city, hostOf, sameOrigin } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import type { Reading } from "./linked.js";
import { all, idOf, type civicProposal } from "./read.js";

type Told = Pick<z.infer<typeof civicProposal>, "of" | "answeredBy" | "answerers">;

/**
 * Whose official responses the home of a proposal takes, as far as it names them, and as far as it matters
 * here: when it takes those of more actors than it names, it is asked about our own city, and about the one
 * that is just answering. A city names nobody but itself: what it says of others is not heard. What a home
 * has answered is not asked again for ten minutes, unless the reading is a fresh one.
 * @throws FetchRefused while the home is out of reach, or when nothing more may be asked
 */
export async function answerersTold(reading: Reading, uri: string, told: Told): Promise<string[]> {
  const named = told.answeredBy.filter((one) => hostOf(one) !== null);
  if (told.of === "city") return named.filter((one) => sameOrigin(one, uri));
  const { answerers } = told;
  if (answerers === null || !sameOrigin(answerers, uri)) return named;
  const { instance } = reading.ctx;
  const own = instance.kind === "city" ? [actorUri(instance, city)] : [];
  const matter = new Set([...own, ...(reading.answerer === undefined ? [] : [reading.answerer])]);
  for (const actor of matter) {
    if (named.includes(actor)) continue;
    if (await isOneOfThem(reading, uri, { answerers, actor })) named.push(actor);
  }
  return named;
}

/** One actor, and where to ask about it. */
interface Question {
  readonly answerers: string;
  readonly actor: string;
}

/**
 * What was answered before counts only while the row says the same: otherwise another process has asked,
 * or this one about another proposal.
 */
async function isOneOfThem(reading: Reading, uri: string, question: Question): Promise<boolean> {
  const { services, ctx } = reading;
  const { answerersAsked } = services;
  const key = [ctx.instance._id, question.answerers, question.actor].join(" ");
  const before = reading.isFresh === true ? undefined : answerersAsked.get(key);
  if (before !== undefined) {
    const held = (await proposalByUri(ctx, uri))?.elsewhere;
    if (held == null || held.answeredBy.includes(question.actor) === before) return before;
  }
  const answer = await isAmong(reading, question);
  answerersAsked.set(key, answer);
  return answer;
}

/** What answers no for good names nobody. */
async function isAmong(
  { services, ctx, budget }: Reading,
  { answerers, actor }: Question,
): Promise<boolean> {
  const address = `${answerers}/${hostOf(actor) ?? ""}`;
  try {
    const { id, document } = await services
      .reachOf(ctx.instance)
      .fetchDocument(address, { budget });
    const found = await services.normal.of(guardValue(document));
    return id === address && all(found, "items").some((one) => idOf(one) === actor);
  } catch (error) {
    if (!(error instanceof FetchRefused) || error.isPassing) throw error;
    // It was not asked at all.
    if (error.code === "budget-spent") throw error;
    return false;
  }
}
