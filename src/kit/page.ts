/** What the layout needs to know of every page. */
export interface Head {
  readonly title: string;
  /** One or two sentences for search engines and link previews. */
  readonly description: string | null;
  /** Path of the page's one true address. */
  readonly canonical: string | null;
  /** Address of the same thing as an ActivityPub object. */
  readonly alternateActivity: string | null;
  /** Path of the page's feed. */
  readonly feed: string | null;
  readonly noIndex: boolean;
}

/** Every view model carries its head. */
export interface PageModel {
  readonly head: Head;
}

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
    ...rest,
  };
}
