import type { As2 } from "../vocabulary.js";

/** What there is at an address of ours. */
export type Found =
  | { readonly kind: "document"; readonly body: As2 }
  | { readonly kind: "gone"; readonly body: As2 }
  | { readonly kind: "elsewhere"; readonly uri: string }
  | { readonly kind: "only-page" }
  | { readonly kind: "nothing" };

export const nothing: Found = { kind: "nothing" };

/** People have a page there, and other servers nothing. */
export const onlyPage: Found = { kind: "only-page" };

/** A document that is there to be read. */
export function document(body: As2): Found {
  return { kind: "document", body };
}
