import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Person } from "./person.js";

export const peopleCollection = defineCollection<Person>("people", [
  { keys: { handle: 1 }, unique: true },
  {
    keys: { uri: 1 },
    unique: true,
    partialFilterExpression: { uri: { $gt: "" } },
  },
]);

const payload = z.object({ personId: z.string() });

/** A person's public face changed, or they consented to the network. */
export const personChanged = defineEvent("person-changed", payload);
/** An account was deleted; its public traces say "a former member". */
export const personErased = defineEvent("person-erased", payload);
