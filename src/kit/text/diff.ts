import { diffWordsWithSpace } from "diff";
import { cutText } from "./sanitize.js";

/** A stretch of text that both versions share, or that one of them alone has. */
export interface TextChange {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** Versions beyond this many UTF-16 units are compared up to it. */
const MAX_COMPARED = 50_000;

/** Beyond this many words taken out or put in, the two are different texts rather than an edit. */
const MAX_EDITS = 2_000;

const MAX_MILLISECONDS = 200;

function whole(kind: TextChange["kind"], text: string): TextChange[] {
  return text === "" ? [] : [{ kind, text }];
}

/**
 * What an edit changed, word by word and in reading order: the "same" and "removed" parts joined are
 * the old text, the "same" and "added" ones the new. Texts too different to compare within bounds
 * come back as one part removed and one added. Never throws.
 */
export function diffTexts(before: string, after: string): TextChange[] {
  const [old, recent] = [cutText(before, MAX_COMPARED), cutText(after, MAX_COMPARED)];
  const changes = diffWordsWithSpace(old, recent, {
    maxEditLength: MAX_EDITS,
    timeout: MAX_MILLISECONDS,
  });
  if (changes === undefined) return [...whole("removed", old), ...whole("added", recent)];
  return changes.flatMap(({ added, removed, value }) => {
    if (added) return whole("added", value);
    return whole(removed ? "removed" : "same", value);
  });
}
