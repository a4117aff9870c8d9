import type { Readable } from "node:stream";

/**
 * Cut a stream of UTF-8 into lines; never keeps more than `most + 1` characters of one.
 * @throws TypeError (`ERR_ENCODING_INVALID_ENCODED_DATA`) where it is not UTF-8: what was read then is not what was written
 */
export async function* boundedLines(source: Readable, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let held = "";
  const keep = (text: string): void => {
    if (held.length <= most) held += text.slice(0, most + 1 - held.length);
  };
  for await (const chunk of source) {
    const text = decoder.decode(chunk as Buffer, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      keep(text.slice(start, end));
      yield held.replace(/\r$/, "");
      held = "";
      start = end + 1;
    }
    keep(text.slice(start));
  }
  keep(decoder.decode());
  if (held !== "") yield held.replace(/\r$/, "");
}
