import type { PersonView } from "../../kit/component-models.js";
import type { Ctx } from "../../kit/index.js";
import type { Person } from "./person.js";

/** How an author is shown: a former member has no page, nobody at all is said plainly. */
export function personView(ctx: Ctx, person: Person | undefined | null): PersonView {
  if (person == null || person.erasedAt !== null) {
    return { name: ctx.t.t("people.formerMember"), url: null, host: null, role: null };
  }
  return { name: person.name, url: person.url, host: person.host, role: null };
}
