import { Parser } from "htmlparser2";

/** A form as a page holds it. */
export interface FormInPage {
  readonly action: string;
  readonly method: string;
  /** Hidden fields, which a browser sends back as they are. */
  readonly hidden: Record<string, string>;
}

/** Every form of a page. */
export function formsIn(html: string): FormInPage[] {
  const forms: FormInPage[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === "form") {
        const { action = "", method = "get" } = attributes;
        forms.push({ action, method: method.toLowerCase(), hidden: {} });
      }
      const form = forms.at(-1);
      if (name === "input" && attributes["type"] === "hidden" && form !== undefined) {
        form.hidden[attributes["name"] ?? ""] = attributes["value"] ?? "";
      }
    },
  });
  parser.end(html);
  return forms;
}

/** What a reader sees of a page: text alone, white space folded. */
export function textOf(html: string): string {
  const words: string[] = [];
  let hidden = 0;
  const parser = new Parser({
    onopentag: (name) => void (hidden += name === "script" || name === "style" ? 1 : 0),
    onclosetag: (name) => void (hidden -= name === "script" || name === "style" ? 1 : 0),
    ontext: (text) => void (hidden === 0 && words.push(text)),
  });
  parser.end(html);
  return words.join("").replace(/\s+/g, " ").trim();
}
