import { Readable } from "node:stream";
import { expect } from "chai";
import { boundedLines } from "../../src/drivers/lines.js";
import { createProgress } from "../../src/cli/progress.js";
import type { Io } from "../../src/cli/io.js";
import { rejection } from "../drivers/store.conformance-support.js";

async function linesOf(chunks: readonly Buffer[], most = 100): Promise<string[]> {
  const found: string[] = [];
  for await (const line of boundedLines(Readable.from(chunks), most)) found.push(line);
  return found;
}

describe("a file read line by line", () => {
  it("gives the same lines however it is cut into pieces", async () => {
    const text = Buffer.from("\ufeffété\r\n\nça 😀 va\nfin");
    for (const size of [1, 2, 3, 7, 100]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
        text.subarray(n * size, (n + 1) * size),
      );
      expect(await linesOf(pieces), `pieces of ${size}`).to.deep.equal([
        "été",
        "",
        "ça 😀 va",
        "fin",
      ]);
    }
  });

  it("keeps no more of a line than its bound and one character, then goes on", async () => {
    const pieces = Array.from({ length: 50 }, () => Buffer.from("x".repeat(1000)));

    const found = await linesOf([...pieces, Buffer.from("\nshort\n")], 100);

    expect(found.map(({ length }) => length)).to.deep.equal([101, 5]);
  });

  it("is not read with signs for what nobody wrote, where it is not in UTF-8", async () => {
    const refused = await rejection(linesOf([Buffer.from("Un café place Bellecour\n", "latin1")]));

    expect(refused).to.include({ code: "ERR_ENCODING_INVALID_ENCODED_DATA" });
  });
});

describe("progress", () => {
  const draw = (isTerminal: boolean): string => {
    let drawn = "";
    const io = { isTerminal, err: (text: string) => void (drawn += text) } as unknown as Io;
    const progress = createProgress(io);
    progress.show(0.5, "half");
    progress.show(2, "all");
    progress.clear();
    return drawn;
  };

  it("is drawn for somebody who watches, and never goes beyond the end", () => {
    expect(draw(true)).to.include(" 50 %  half").and.include("100 %  all");
  });

  it("leaves nothing in a log", () => {
    expect(draw(false)).to.equal("");
  });
});
