const sanitised: unique symbol = Symbol("sanitised");

/**
 * HTML that was cleaned before it was stored or shown. Only `markSafe` makes one: the symbol
 * cannot arrive by JSON, so nothing from a store or a remote server passes for it.
 */
export interface SafeHtml {
  readonly html: string;
  readonly [sanitised]: true;
}

/** Vouch for HTML that has just been sanitised, or that our own templates produced. */
export function markSafe(html: string): SafeHtml {
  return { html, [sanitised]: true };
}

/** True for what `markSafe` made, false for everything else. */
export function isSafeHtml(value: unknown): value is SafeHtml {
  return typeof value === "object" && value !== null && sanitised in value;
}
