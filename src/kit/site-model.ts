/** A language the pages exist in. */
export type Language = "fr" | "en";

/** The signed-in reader, as far as the frame of a page needs to know. */
export interface SiteMember {
  readonly name: string;
  /** Notifications not read yet. */
  readonly unread: number;
  readonly canModerate: boolean;
  /** What waits for a moderator, counted up to 99. */
  readonly toModerate: number;
  readonly canAnswer: boolean;
  readonly isAdmin: boolean;
  /** Runs the whole deployment. */
  readonly isOperator: boolean;
}

/** A message left by the previous request, shown once on top of the page. */
export interface Flash {
  readonly kind: "success" | "notice" | "error";
  readonly text: string;
}

/** What the frame of every page shows; templates reach it as `@site`. */
export interface SiteModel {
  readonly instanceName: string;
  readonly instanceKind: "city" | "association";
  readonly language: Language;
  /** The other languages of this page, with the address that switches to each. */
  readonly otherLanguages: readonly {
    readonly code: string;
    readonly name: string;
    readonly url: string;
  }[];
  /** Civic colour: a hue from 0 to 359, or `#rrggbb`; anything else gets the default. */
  readonly colour: string;
  /** Path of the instance's logo, or null. */
  readonly logo: string | null;
  /** Address of the picture that link previews show, or null. */
  readonly picture: string | null;
  /** Path and query of this page, to come back to after signing in. */
  readonly path: string;
  readonly member: SiteMember | null;
  /** Token that every form of this page sends back; null where no form may act. */
  readonly csrf: string | null;
  readonly flash: Flash | null;
  /** Addresses of the built style sheet and browser module. */
  readonly assets: { readonly css: string; readonly js: string };
  readonly requestId: string;
  readonly now: Date;
  /** IANA name, such as `Europe/Paris`. */
  readonly timezone: string;
}

/** What a page says about itself to browsers, search engines, link previews and feed readers. */
export interface Head {
  readonly title: string;
  readonly description: string | null;
  readonly canonical: string | null;
  /** Address of the same thing as an ActivityPub object. */
  readonly alternateActivity: string | null;
  readonly feed: string | null;
  readonly noIndex: boolean;
  /** Handle of its author on the network, for those who agreed to it (`fediverse:creator`). */
  readonly creator: string | null;
}

/** Every page model carries its head. */
export interface PageModel {
  readonly head: Head;
}
