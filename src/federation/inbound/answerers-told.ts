import type { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import { actorUri, city, hostOf, sameOrigin } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import type { Reading } from "./linked.js";
import { all, idOf, type civicProposal } from "./read.js";

type Told = Pick<z.infer<typeof civicProposal>, "of" | "answeredBy" | "answerers">;

/**
 * Whose official responses the home of a proposal takes, as far as it names them, and as far as it matters
 * here: when it takes those of more actors than it names, it is asked about our own city, and about the one
 * that is just answering. A city names nobody but itself: what it says of others is not heard.
 * @throws FetchRefused while the home is out of reach
 */
export async function answerersTold(reading: Reading, uri: string, told: Told): Promise<string[]> {
  const named = told.answeredBy.filter((one) => hostOf(one) !== null);
  if (told.of === "city") return named.filter((one) => sameOrigin(one, uri));
  const { answerers } = told;
  if (answerers === null || !sameOrigin(answerers, uri)) return named;
  const { instance } = reading.ctx;
  const own = instance.kind === "city" ? [actorUri(instance, city)] : [];
  const matter = new Set([...own, ...(reading.answerer === undefined ? [] : [reading.answerer])]);
  for (const one of matter) {
    if (!named.includes(one) && (await isAmong(reading, answerers, one))) named.push(one);
  }
  return named;
}

/** What answers no for good names nobody. */
async function isAmong(
  { services, ctx, budget }: Reading,
  answerers: string,
  actor: string,
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
    return false;
  }
}
