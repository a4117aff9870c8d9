/** A migration that was taken into the project: its file's name, and the SHA-256 of what is in it. */
export interface Landed {
  readonly name: string;
  readonly sha256: string;
}

/** What is wrong with the migrations that are there, given those that have landed before; nothing when all is well. */
export function faultsOf(landed: readonly Landed[], present: readonly Landed[]): string[] {
  const changed = landed.flatMap(({ name, sha256 }, at) => {
    const here = present[at];
    if (here?.name !== name) return [`${name} has landed, and its place is taken by ${here?.name}`];
    return here.sha256 === sha256 ? [] : [`${name} has landed, and was changed since`];
  });
  const unlisted = present
    .slice(landed.length)
    .map((one) => `add to landed.json: ${JSON.stringify(one)}`);
  return changed.length > 0 ? changed : unlisted;
}
