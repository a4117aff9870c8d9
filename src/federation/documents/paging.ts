import type { Collection, Row } from "../../kit/index.js";
import type { As2 } from "../vocabulary.js";
import { document, nothing, type Found } from "./found.js";

/** Items on a page of a collection. */
export const pageSize = 20;

/** One page of a collection; a cursor is the last id of the page before, empty for the first page. */
export interface Page {
  readonly items: readonly unknown[];
  readonly prev: string | null;
  readonly next: string | null;
}

/** A collection that is read a page at a time. */
export interface Listing {
  readonly id: string;
  readonly ordered: boolean;
  readonly total: number;
  readonly page: (after: string) => Promise<Page>;
}

/**
 * A collection with its first page inside (`after` null), or one of its pages. Cost: one page,
 * whatever its size.
 */
export async function paged(listing: Listing, after: string | null): Promise<Found> {
  const page = await listing.page(after ?? "");
  if (after !== null) return document(pageDocument(listing, after, page));
  return document(collectionDocument(listing, page));
}

/** A collection with its first page inside (ActivityStreams, section 5.3 of its vocabulary). */
export function collectionDocument(listing: Omit<Listing, "page">, first: Page): As2 {
  const { id, ordered, total } = listing;
  return {
    id,
    type: ordered ? "OrderedCollection" : "Collection",
    totalItems: total,
    first: pageDocument(listing, "", first),
  };
}

function pageDocument(
  { id, ordered }: Pick<Listing, "id" | "ordered">,
  after: string,
  { items, prev, next }: Page,
): As2 {
  const at = (cursor: string): string => `${id}?page=${encodeURIComponent(cursor)}`;
  return {
    id: at(after),
    type: ordered ? "OrderedCollectionPage" : "CollectionPage",
    partOf: id,
    ...(prev === null ? {} : { prev: at(prev) }),
    ...(next === null ? {} : { next: at(next) }),
    [ordered ? "orderedItems" : "items"]: items,
  };
}

/** A collection whose members are nobody's business: it is counted, and has no page. */
export function countOnly(
  { id, total, ordered }: Omit<Listing, "page">,
  after: string | null,
): Found {
  if (after !== null) return nothing;
  return document(countDocument({ id, total, ordered }));
}

/** The same as it stands inside of an object. */
export function countDocument({ id, total, ordered }: Omit<Listing, "page">): As2 {
  return { id, type: ordered ? "OrderedCollection" : "Collection", totalItems: total };
}

/** Which rows, from where on, and in which order of their ids. */
export interface RowsAsked {
  readonly where: object;
  readonly after: string;
  readonly order: 1 | -1;
}

/** The rows of a page and the cursors around it. Two queries of a page each; the first page, one. */
export async function pageOfRows<T extends Row>(
  rows: Collection<T>,
  { where, after, order }: RowsAsked,
): Promise<{ rows: T[]; prev: string | null; next: string | null }> {
  const [beyond, before] = order === 1 ? (["$gt", "$lte"] as const) : (["$lt", "$gte"] as const);
  type Where = Parameters<typeof rows.find>[0];
  const filter = (after === "" ? where : { ...where, _id: { [beyond]: after } }) as Where;
  const found = await rows.find(filter, { sort: { _id: order }, limit: pageSize + 1 }).toArray();
  const shown = found.slice(0, pageSize) as T[];
  const next = found.length > pageSize ? (shown.at(-1)?._id ?? null) : null;
  if (after === "") return { rows: shown, prev: null, next };
  const passed = await rows
    .find({ ...where, _id: { [before]: after } } as Where, {
      ...{ sort: { _id: order === 1 ? -1 : 1 }, limit: pageSize + 1, projection: { _id: 1 } },
    })
    .toArray();
  return { rows: shown, prev: passed[pageSize]?._id ?? "", next };
}
