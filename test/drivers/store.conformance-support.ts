import { afterEach, beforeEach } from "mocha";
import type { Document, Row, Store } from "../../src/drivers/store/collection.js";

/** A record of any shape. */
export type Thing = Row & Document;

/** Opens an empty store; `close` also removes what it left behind. */
export type OpenStore = () => Promise<{ readonly store: Store; close(): Promise<void> }>;

/** A fresh store for each test of the surrounding `describe`. */
export function openCase(open: OpenStore): { readonly store: Store } {
  let current: Awaited<ReturnType<OpenStore>> | null = null;
  beforeEach(async () => {
    current = await open();
  });
  afterEach(async () => {
    await current?.close();
    current = null;
  });
  return {
    get store(): Store {
      if (!current) throw new Error("no store is open");
      return current.store;
    },
  };
}

/** The error a promise was rejected with; fails when it was not. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & Record<string, unknown>> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("this was expected to be refused");
  return outcome as Error & Record<string, unknown>;
}

/** The ids of records, in order. */
export function idsOf(things: readonly { readonly _id: string }[]): string[] {
  return things.map(({ _id }) => _id);
}
