/** What a span may be told of; only closed sets, numbers and ids that we made: nothing about people. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>;

/** What is begun. */
export interface SpanSpec {
  readonly name: string;
  /** "server": a request that is answered; "consumer": a job; "client": a call to somebody else. */
  readonly kind: "server" | "consumer" | "client";
  readonly facts?: SpanFacts;
  /** Where it comes from, as `current()` gave it there; null: from nowhere; absent: from here. */
  readonly parent?: string | null;
}

/** Something that is under way. */
export interface Span {
  /** Do something within it: whatever is begun there, or goes on from there, belongs to it. */
  within<R>(work: () => R): R;
  /** The name it turns out to have, and what became known of it. */
  tell(facts: SpanFacts, name?: string): void;
  /** It went wrong; `kind` is of a closed set, too. */
  fail(kind: string): void;
  end(): void;
}

/** Tells a collector what a process did, and how that hangs together. Nothing of it ever fails. */
export interface Traces {
  begin(spec: SpanSpec): Span;
  /** Run a call in a span of its own, if anything is under way; otherwise just run it. */
  call<R>(name: string, facts: SpanFacts, work: () => Promise<R>): Promise<R>;
  /** What became known of what is under way here. */
  tell(facts: SpanFacts): void;
  /** Where we are, as W3C Trace Context writes it (`traceparent`, section 3.2); null outside. */
  current(): string | null;
  /** Send what is still here, for a few seconds at most. */
  close(): Promise<void>;
}

/** What kind of failure it was: a name or a code, never what it says. */
export function failureKind(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[\w-]{1,64}$/.test(code) ? code : error.name;
}
