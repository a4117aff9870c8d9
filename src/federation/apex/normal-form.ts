import type { Apex } from "activitypub-express";
import { HostileDocument } from "../inbox/guard.js";
import type { GuardedDocument, Normal, NormalForm } from "../port.js";
import { CONTEXT } from "../vocabulary.js";
import { normalise, termKinds } from "./direct.js";
import { openApex } from "./instance.js";

/**
 * The normal form of what we receive (requirement 24). The package itself is loaded when the first
 * document with an unknown context comes, and then kept.
 */
export function createNormalForm(): NormalForm {
  const kinds = termKinds();
  let apex: Promise<Apex> | null = null;
  return {
    async of({ body, knownContext }: GuardedDocument): Promise<Normal> {
      if (knownContext) return normalise(body, kinds);
      apex ??= openApex();
      return normalFormOf(await apex, body);
    },
  };
}

/**
 * The package's own normal form of a document in our context.
 * @throws HostileDocument for what JSON-LD cannot read, such as an id that is a number.
 */
export async function normalFormOf(
  apex: Pick<Apex, "fromJSONLD">,
  body: Readonly<Record<string, unknown>>,
): Promise<Normal> {
  const { civic, ...rest } = structuredClone(body);
  const normal = await apex.fromJSONLD({ ...rest, "@context": CONTEXT }).catch(refuse);
  return civic === undefined ? normal : { ...normal, civic };
}

/**
 * Errors of the jsonld package are named after it; where it sorts or compares before it looks what it
 * has, such as types that are objects, it throws a TypeError. Anything else is a bug and stays loud.
 */
function refuse(error: unknown): never {
  if (error instanceof TypeError || (error instanceof Error && error.name.startsWith("jsonld."))) {
    throw new HostileDocument("the document is no JSON-LD", { cause: error });
  }
  throw error;
}
