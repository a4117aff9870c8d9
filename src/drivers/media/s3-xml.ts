import { Parser } from "htmlparser2";

/** One page of a bucket's list. */
export interface ListPage {
  readonly keys: readonly string[];
  /** What the next page is asked for with; null after the last. */
  readonly next: string | null;
}

/**
 * Read an answer of ListObjectsV2 (S3 API reference, ListObjectsV2, response syntax).
 * @returns null when it is none
 */
export function readListPage(xml: Buffer): ListPage | null {
  const keys: string[] = [];
  let next: string | null = null;
  let [isList, isCut] = [false, false];
  readElements(xml, (path, text) => {
    if (path === "ListBucketResult/Contents/Key") keys.push(text);
    else if (path === "ListBucketResult/NextContinuationToken") next = text;
    else if (path === "ListBucketResult/IsTruncated") isCut = text === "true";
    else if (path === "ListBucketResult") isList = true;
  });
  return isList && isCut === (next !== null) ? { keys, next } : null;
}

/** The code of an error (S3 API reference, Error responses), or null; never more of what was said. */
export function errorCodeIn(xml: Buffer): string | null {
  let code: string | null = null;
  readElements(xml.subarray(0, 16_384), (path, text) => {
    if (path === "Error/Code" && /^[A-Za-z0-9]{1,64}$/.test(text)) code = text;
  });
  return code;
}

/** Tells each element once it ends, by the names that lead to it. */
function readElements(xml: Buffer, onElement: (path: string, text: string) => void): void {
  const open: { readonly name: string; text: string }[] = [];
  const parser = new Parser(
    {
      onopentag: (name) => void open.push({ name, text: "" }),
      ontext: (text) => {
        const last = open.at(-1);
        if (last !== undefined) last.text += text;
      },
      onclosetag: () => {
        const path = open.map(({ name }) => name).join("/");
        onElement(path, open.pop()?.text ?? "");
      },
    },
    { xmlMode: true },
  );
  parser.end(xml.toString("utf8"));
}
