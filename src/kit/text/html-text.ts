import { Tokenizer } from "htmlparser2";

function tags(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

const LINES = tags("address article dd div dl dt figure footer form header li main nav section tr");
const PARAGRAPHS = tags("blockquote h1 h2 h3 h4 h5 h6 hr ol p pre table ul");
const SILENT = tags(
  "iframe math noembed noframes noscript object script select style svg template textarea title xmp",
);

interface TextBuilder {
  open(tag: string): void;
  close(tag: string): void;
  text(text: string): void;
  finish(): string;
}

function textBuilder(): TextBuilder {
  const parts: string[] = [];
  let silentIn: string | null = null;
  let preformatted = false;
  let pendingBreak = "";

  function breakAround(tag: string): void {
    if (PARAGRAPHS.has(tag)) pendingBreak = "\n\n";
    else if (LINES.has(tag) && pendingBreak === "") pendingBreak = "\n";
  }

  function push(text: string): void {
    parts.push(pendingBreak, text);
    pendingBreak = "";
  }

  return {
    open(tag) {
      if (silentIn !== null) return;
      if (SILENT.has(tag)) silentIn = tag;
      if (tag === "pre") preformatted = true;
      breakAround(tag);
      if (tag === "br") push("\n");
      if (tag === "li") push("- ");
    },
    close(tag) {
      if (silentIn === null) breakAround(tag);
      else if (silentIn === tag) silentIn = null;
      if (tag === "pre") preformatted = false;
    },
    text(text) {
      if (silentIn !== null || (pendingBreak !== "" && text.trim() === "")) return;
      push(preformatted ? text : text.replaceAll("\n", " "));
    },
    finish: () => tidyLines(parts.join("")),
  };
}

function tidyLines(text: string): string {
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    const words = line.split(/\s+/u).filter((word) => word !== "");
    if (words.length > 0 || (kept.length > 0 && kept.at(-1) !== "")) kept.push(words.join(" "));
  }
  return kept.join("\n").trimEnd();
}

function nothing(): void {}

const IGNORED = {
  onattribdata: nothing,
  onattribentity: nothing,
  onattribend: nothing,
  onattribname: nothing,
  oncdata: nothing,
  oncomment: nothing,
  ondeclaration: nothing,
  onend: nothing,
  onopentagend: nothing,
  onprocessinginstruction: nothing,
};

/**
 * The words of an HTML fragment as plain text: paragraphs apart by an empty line, list items after
 * "- ", entities decoded, scripts and other unreadable content left out. One pass of a tokenizer
 * that keeps no stack, so that its time is linear whatever the nesting. The result is text: it must
 * still be escaped where it is shown.
 */
export function htmlToText(html: string): string {
  const builder = textBuilder();
  let opening = "";
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ...IGNORED,
      onopentagname(start, end) {
        opening = html.slice(start, end).toLowerCase();
        builder.open(opening);
      },
      onclosetag: (start, end) => builder.close(html.slice(start, end).toLowerCase()),
      onselfclosingtag: () => builder.close(opening),
      ontext: (start, end) => builder.text(html.slice(start, end)),
      ontextentity: (codepoint) => builder.text(String.fromCodePoint(codepoint)),
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return builder.finish();
}
