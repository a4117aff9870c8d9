import { createRequire } from "node:module";
import { AS_CONTEXT, SECURITY_CONTEXT } from "../vocabulary.js";

interface ContextDocument {
  readonly "@context": Readonly<Record<string, unknown>>;
}

const bundle = createRequire(import.meta.url);

/** The ActivityStreams context, as the package brings it. */
export function activityStreamsContext(): ContextDocument {
  return bundle("activitypub-express/vocab/as.json") as ContextDocument;
}

/** The contexts that JSON-LD may use; there is no other and no network. */
export function bundledContexts(): ReadonlyMap<string, ContextDocument> {
  return new Map([
    [AS_CONTEXT, activityStreamsContext()],
    [SECURITY_CONTEXT, bundle("activitypub-express/vocab/security.json") as ContextDocument],
  ]);
}
