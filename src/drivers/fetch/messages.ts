/** A document of another server: of an allowed type, whole, and bounded. */
export interface Fetched {
  /** The address it was found at, after redirects, without fragment. */
  readonly url: string;
  readonly contentType: string;
  /** What time it is there, as far as its answer says. */
  readonly date: Date | null;
  readonly body: Buffer;
}

/** What to send to another server. */
export interface PostOptions {
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}
