import { addressesIn, idOf, isDoc, listOf, typeOf, type Doc } from "./documents.js";
import type { Known, Outcome } from "./server.js";

/** Something that nobody sees in a feed. */
export const nobody = { why: null, status: null, home: [], notified: [] };

/** What a server does not take, and why. */
export const dropped = (why: string): Outcome => ({ ...nobody, what: "dropped", why });

/** What two servers have with each other: answers to what one of them asked, reports and blocks. */
export function takeDealing(known: Known, activity: Doc): Outcome | Promise<Outcome> {
  const object = listOf(activity["object"])[0];
  const what = isDoc(object) ? typeOf(object) : "";
  switch (typeOf(activity)) {
    case "Accept":
      if (what === "QuoteRequest") return takeLeave(known, activity, object as Doc);
      return { ...nobody, what: "follow accepted" };
    case "Reject":
      return { ...nobody, what: what === "QuoteRequest" ? "quote refused" : "follow refused" };
    case "Flag":
      return addressesIn(activity, "object").some(known.isLocal)
        ? { ...nobody, what: "report" }
        : dropped("it reports nobody of this server");
    case "Block":
      return known.isLocal(idOf(object) ?? "")
        ? { ...nobody, what: "blocked" }
        : dropped("it is about nobody of this server");
    default:
      if (what === "Block") return { ...nobody, what: "block lifted" };
      return dropped("it is about nothing of this server");
  }
}

/** A quote is shown once its authorisation was read, and is right in every part (FEP-044f). */
async function takeLeave(known: Known, activity: Doc, request: Doc): Promise<Outcome> {
  const uri = idOf(activity["result"]) ?? "";
  const given = await known.load(uri);
  const isRight =
    given !== null &&
    typeOf(given) === "QuoteAuthorization" &&
    given["id"] === uri &&
    idOf(given["attributedTo"]) === idOf(activity["actor"]) &&
    idOf(given["interactingObject"]) === idOf(request["instrument"]) &&
    idOf(given["interactionTarget"]) === idOf(request["object"]);
  if (!isRight) return dropped("the authorisation is not right");
  known.quotes.add(uri);
  return { ...nobody, what: "quote allowed" };
}
