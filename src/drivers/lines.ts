import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Cut a stream of UTF-8 into lines; never keeps more than `most + 1` characters of one. */
export async function* boundedLines(source: Readable, most: number): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let held = "";
  let first = true;
  const keep = (text: string): void => {
    if (held.length <= most) held += text.slice(0, most + 1 - held.length);
  };
  for await (const chunk of source) {
    let text = decoder.write(chunk as Buffer);
    if (first && text !== "") {
      text = text.replace(/^\ufeff/, "");
      first = false;
    }
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      keep(text.slice(start, end));
      yield held.replace(/\r$/, "");
      held = "";
      start = end + 1;
    }
    keep(text.slice(start));
  }
  keep(decoder.end());
  if (held !== "") yield held.replace(/\r$/, "");
}
