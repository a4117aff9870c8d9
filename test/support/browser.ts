import { Parser } from "htmlparser2";

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
  /** Path, query and fragment of a redirect within the site, or null. */
  readonly location: string | null;
}

/** A browser without scripts: it keeps cookies, reads forms and sends them. */
export interface Browser {
  open(path: string): Promise<Answer>;
  /** Fill in and send the form of the page last opened whose action is `action`. */
  submit(action: string, fields?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Post to an address, with the token of the page last opened; JSON when a script asks. */
  post(path: string, fields?: Readonly<Record<string, string>>, accept?: string): Promise<Answer>;
  /** The same for a form with files, sent as multipart/form-data. */
  upload(action: string, fields: Fields, files: Readonly<Record<string, Buffer>>): Promise<Answer>;
  /** Post a body as it is, with this browser's cookies. */
  send(path: string, body: FormData | string, headers?: Fields): Promise<Answer>;
  /** Open where a redirect leads. */
  follow(answer: Answer): Promise<Answer>;
  /** The fields of a form on the page last opened, as they would be sent. */
  fields(action: string): Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, string>>;

interface Form {
  readonly action: string;
  readonly fields: Record<string, string>;
}

/** Open a browser at a site. */
export function aBrowser(origin: string, language: "fr" | "en"): Browser {
  const cookies = new Map<string, string>();
  let page = "";

  async function ask(
    path: string,
    init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", "accept-language": language, cookie, ...init.headers };
    const response = await fetch(origin + path, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) keep(cookies, line);
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("text/html") && response.status !== 303) page = text;
    const location = response.headers.get("location");
    return { status: response.status, text, type, location: location?.replace(origin, "") ?? null };
  }

  async function post(path: string, fields = {}, accept = "text/html"): Promise<Answer> {
    const token = formsOf(page).find((form) => "_csrf" in form.fields)?.fields["_csrf"] ?? "";
    const body = new URLSearchParams({ _csrf: token, ...fields });
    return ask(path, { method: "POST", body, headers: { accept } });
  }

  function fields(action: string): Record<string, string> {
    const form = formsOf(page).find((candidate) => candidate.action === action);
    if (form === undefined) throw new Error(`No form leads to ${action}`);
    return form.fields;
  }

  return {
    open: (path) => ask(path),
    post,
    fields,
    async upload(action, typed, files) {
      const body = new FormData();
      for (const [name, value] of Object.entries({ ...fields(action), ...typed })) {
        if (!(name in files)) body.append(name, value);
      }
      for (const [name, bytes] of Object.entries(files)) {
        body.append(name, new Blob([new Uint8Array(bytes)]), "../picture.svg");
      }
      return ask(action, { method: "POST", body });
    },
    send: (path, body, headers = {}) => ask(path, { method: "POST", body, headers }),
    submit: (action, typed = {}) => post(action, { ...fields(action), ...typed }),
    follow: (answer) => {
      if (answer.location === null) throw new Error(`No redirect, but ${answer.status}`);
      return ask(answer.location.replace(/#.*$/, ""));
    },
  };
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const name = pair.slice(0, pair.indexOf("="));
  const value = pair.slice(pair.indexOf("=") + 1);
  const gone = attributes.some((one) => /^\s*expires=Thu, 01 Jan 1970/i.test(one));
  if (gone || value === "") cookies.delete(name);
  else cookies.set(name, value);
}

/** Where the links of a page lead. */
export function linksOf(html: string): string[] {
  const links: string[] = [];
  const parser = new Parser({
    onopentag(tag, { href }) {
      if (tag === "a" && href !== undefined) links.push(href);
    },
  });
  parser.end(html);
  return links;
}

/** The forms of a page and what each would send; buttons are not sent unless asked for. */
export function formsOf(html: string): Form[] {
  const forms: Form[] = [];
  let textarea: string | null = null;
  let select: string | null = null;
  const put = (name: string | undefined, value: string): void => {
    const form = forms.at(-1);
    if (form !== undefined && name !== undefined) form.fields[name] = value;
  };
  const parser = new Parser({
    onopentag(tag, { name, value = "", type = "text", ...rest }) {
      if (tag === "form") forms.push({ action: rest["action"] ?? "", fields: {} });
      if (tag === "textarea") {
        textarea = name ?? null;
        put(name, "");
      }
      if (tag === "select") {
        select = name ?? null;
        put(name, "");
      }
      if (tag === "option" && select !== null && "selected" in rest) put(select, value);
      const unchecked = ["checkbox", "radio"].includes(type) && !("checked" in rest);
      if (tag === "input" && type !== "submit" && !unchecked) put(name, value);
    },
    ontext(text) {
      if (textarea === null) return;
      const before = forms.at(-1)?.fields[textarea] ?? "";
      put(textarea, before + text);
    },
    onclosetag(tag) {
      if (tag === "textarea" && textarea !== null) {
        put(textarea, unescaped(forms.at(-1)?.fields[textarea] ?? "").replace(/^\n/, ""));
        textarea = null;
      }
      if (tag === "select") select = null;
    },
  });
  parser.end(html);
  return forms;
}

/** The parser leaves what templates escape in a textarea as it is. */
function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => signs[name] ?? "");
}
