import type { Head, PageModel } from "./site-model.js";

export type { Head, PageModel };

/** A page: a template under `views/` and the type of what fills it. */
export interface PageDef<M extends PageModel> {
  readonly template: string;
  /** Carries the model's type; never present. */
  readonly model?: M;
}

/** Declare a page by its template's path, e.g. `proposals/show`. */
export function definePage<M extends PageModel>(template: string): PageDef<M> {
  return { template };
}

/** A head with the usual defaults. */
export function head(title: string, rest: Partial<Head> = {}): Head {
  return {
    title,
    description: null,
    canonical: null,
    alternateActivity: null,
    feed: null,
    noIndex: false,
    creator: null,
    ...rest,
  };
}
