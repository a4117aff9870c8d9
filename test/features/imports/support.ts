import { commentsCollection } from "../../../src/features/comments/comments.js";
import type { Comment } from "../../../src/features/comments/comment.js";
import { importProposals, type ImportReport } from "../../../src/features/imports/imports.js";
import { peopleCollection } from "../../../src/features/people/people.js";
import { proposalsCollection } from "../../../src/features/proposals/proposals.js";
import { responses } from "../../../src/features/responses/responses.feature.js";
import { responsesCollection } from "../../../src/features/responses/responses.js";
import type { Ctx } from "../../../src/kit/index.js";
import { civicFeatures, type City } from "../../support/city.js";

interface Said {
  id: number;
  parent: number | null;
  author: string;
  body: string;
  createdAt: string;
}

/** A comment as a file has it, by number and what it answers. */
export function said(id: number, parent: number | null, change: Partial<Said> = {}): Said {
  const createdAt = `2016-03-01T10:${String(id % 60).padStart(2, "0")}:00Z`;
  return { id, parent, author: `citizen-${id}`, body: `<p>Parole ${id}</p>`, createdAt, ...change };
}

/** A proposal as a file has it. */
export function aRow(code: string, change: object = {}): object {
  return {
    code,
    title: `Proposition ${code}`,
    body: "Plus de bancs à l’ombre.",
    category: "Bon viure",
    subcategory: "Esports",
    district: "Gràcia",
    status: "accepted",
    createdAt: "2016-02-01T12:00:00Z",
    author: "citizen-1",
    supports: 17,
    comments: [],
    ...change,
  };
}

/** The lines of a file. */
export async function* written(...rows: Array<object | string>): AsyncGenerator<string> {
  for (const row of rows) yield typeof row === "string" ? row : JSON.stringify(row);
}

/** The features that an import touches. */
export const features = [...civicFeatures, responses];

/** Bring rows (or lines, as they are) in from the file "pam". */
export async function importInto(ctx: Ctx, ...rows: Array<object | string>): Promise<ImportReport> {
  return importProposals(ctx, written(...rows), { source: "pam" });
}

/** Everything an import leaves, as far as a reader can tell. */
export async function stateOf({ visitor }: City): Promise<unknown> {
  const read = async (def: Parameters<Ctx["collection"]>[0]): Promise<unknown[]> => {
    const rows = await visitor.collection(def).find({}).toArray();
    const plain = rows.map((row) => ({ ...row, number: 0, uri: "", instanceId: "" }));
    return plain.sort((a, b) => (a._id < b._id ? -1 : 1));
  };
  return {
    proposals: await read(proposalsCollection),
    comments: await read(commentsCollection),
    responses: await read(responsesCollection),
    people: await read(peopleCollection),
  };
}

/** The comment of that number; fails when it is not there. */
export async function comment(ctx: Ctx, id: number): Promise<Comment> {
  const found = await ctx
    .collection(commentsCollection)
    .findOne({ importKey: `pam/comment-${id}` });
  if (found === null) throw new Error(`comment ${id} is not there`);
  return found;
}
