import { insertMissing, type Ctx } from "../../kit/index.js";
import { peopleCollection } from "../people/people.js";
import type { Person } from "../people/person.js";
import { importHandle, importId } from "./import-id.js";
import type { ImportRow } from "./row.js";

/** Gives the id of an author's person. */
export type AuthorId = (author: string) => string;

/** Ids of the people that the authors of a file become. */
export function authorIds(ctx: Ctx, source: string): AuthorId {
  return (author) => importId(ctx, new Date(0), `${source}/author/${author}`);
}

/** Authors become people without an account, under the number they were reduced to. */
export async function importPeople(
  ctx: Ctx,
  rows: readonly ImportRow[],
  source: string,
): Promise<void> {
  const idOf = authorIds(ctx, source);
  const authors = new Map(
    rows
      .flatMap((row) => [row.author, ...row.comments.map(({ author }) => author)])
      .map((author) => [idOf(author), author]),
  );
  const people = ctx.collection(peopleCollection);
  const ids = [...authors.keys()];
  for (let start = 0; start < ids.length; start += 500) {
    const some = ids.slice(start, start + 500);
    const found = await people.find({ _id: { $in: some } }).toArray();
    for (const { _id } of found) authors.delete(_id);
  }
  const missing = [...authors].map(([_id, author]) => importedPerson(ctx, source, _id, author));
  await insertMissing(people, missing);
}

function importedPerson(ctx: Ctx, source: string, _id: string, author: string): Person {
  const handle = importHandle(source, author);
  return {
    ...{ _id, name: importedName(ctx, author), handle, uri: null, host: null, about: "" },
    origin: "here",
    url: `/people/${handle}`,
    federated: false,
    createdAt: ctx.clock.now(),
    erasedAt: null,
  };
}

/** `city` is the town hall, `citizen-7229` a participant by number; any other has no name at all. */
function importedName(ctx: Ctx, author: string): string {
  if (author === "city") return ctx.instance.name;
  const { t } = ctx.inLanguage(ctx.instance.language).t;
  const number = /(\d+)$/.exec(author)?.[1];
  return number === undefined ? t("imports.anonymous") : t("imports.participant", { number });
}
