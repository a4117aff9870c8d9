/** The id of an actor's RSA key: a new key has a new id, so that nobody takes it for the one they know. */
export function mainKeyId(actorUri: string, generation: number): string {
  return `${actorUri}#main-key${suffix(generation)}`;
}

/** The id of an actor's Ed25519 key (FEP-521a). */
export function proofKeyId(actorUri: string, generation: number): string {
  return `${actorUri}#ed25519-key${suffix(generation)}`;
}

function suffix(generation: number): string {
  return generation === 1 ? "" : `-${generation}`;
}
