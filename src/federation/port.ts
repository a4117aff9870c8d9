/**
 * A document in one predictable form: `id` and `type` are strings, every other property is an array,
 * language maps and our own `civic` stay as they are. It is activitypub-express's normal form.
 */
export interface Normal {
  readonly id?: string;
  readonly type?: string;
  readonly [term: string]: unknown;
}

/** What the rest of the folder sees of activitypub-express. */
export interface NormalForm {
  /**
   * The normal form of a guarded document. Documents that use only known contexts are turned by a
   * few loops; others go through JSON-LD with bundled contexts. Nothing is ever fetched.
   */
  of(guarded: GuardedDocument): Promise<Normal>;
}

/** A document that has passed the guard: bounded, without hostile keys, its context set apart. */
export interface GuardedDocument {
  readonly body: Readonly<Record<string, unknown>>;
  /** Every context it named is one that we know. */
  readonly knownContext: boolean;
}
