import type { Ctx } from "./context.js";
import type { PageDef, PageModel } from "./page.js";

/** A file as it came: nothing about it is known but its bytes. */
export interface UploadedFile {
  readonly bytes: Buffer;
  /** It was larger than allowed; what is here is only its beginning. */
  readonly isCut: boolean;
}

/** What a route takes beside fields: files of these names, from whom `mayUpload` lets through. */
export interface Uploads {
  readonly fields: readonly string[];
  /** Bytes that one file may have. */
  readonly mostBytes: number;
  /** Throws a `Refusal` before a single byte of a form is read. */
  mayUpload(ctx: Ctx): void;
}

/** A request as features see it: already bounded, its instance and member are in the `Ctx`. */
export interface Req {
  readonly method: "GET" | "POST";
  /** Path with query, as asked for. */
  readonly url: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Query parameters; of a repeated one the first. */
  readonly query: Readonly<Record<string, string>>;
  /** Posted fields; a repeated field becomes an array. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Uploaded files, by field, of a route that takes any. */
  readonly files: Readonly<Record<string, UploadedFile>>;
  readonly ip: string;
  /** What the visitor asked this browser to remember (see `remember`), by name. */
  readonly remembered: Readonly<Record<string, string>>;
  /** True when the browser asked for JSON or a fragment by script. */
  readonly wantsJson: boolean;
}

/** A short message shown on the next page; `key` is a translation key. */
export interface Flash {
  readonly kind: "success" | "notice" | "error";
  readonly key: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** What a route answers with; `hosting/` turns it into HTTP. */
export type Reply =
  | { kind: "page"; page: PageDef<PageModel>; model: PageModel; status: number }
  | { kind: "redirect"; to: string; status: 301 | 303; flash: Flash | null }
  | { kind: "text"; type: string; body: string; status: number }
  | { kind: "json"; body: unknown; status: number }
  | { kind: "file"; type: string; body: Buffer }
  | { kind: "remember"; name: string; value: string | null; reply: Reply }
  | { kind: "sign-in"; memberId: string; to: string; flash: Flash | null }
  | { kind: "sign-out"; to: string; flash: Flash | null }
  | {
      kind: "authenticate";
      strategy: string;
      to: string;
      /** Called with the strategy's reason, a refusal code, when nobody was recognised. */
      refused: (reason: string | null) => Promise<Reply>;
    };

/** Answer with a page. */
export function page<M extends PageModel>(def: PageDef<M>, model: M, status = 200): Reply {
  return { kind: "page", page: def, model, status };
}

/** Send the browser on (303 after a POST), with an optional message for the next page. */
export function redirect(to: string, flash: Flash | null = null): Reply {
  return { kind: "redirect", to, status: 303, flash };
}

/** Send the browser to the one true address, for good. */
export function movedTo(to: string): Reply {
  return { kind: "redirect", to, status: 301, flash: null };
}

/**
 * Have the visitor's browser remember something for a year, in a cookie of this site alone, without a
 * session; null forgets it. Only ever what the visitor asked for: `name` is of letters alone.
 */
export function remember(reply: Reply, name: string, value: string | null): Reply {
  return { kind: "remember", name, value, reply };
}

/** Answer with text of a media type, e.g. a feed. */
export function text(type: string, body: string, status = 200): Reply {
  return { kind: "text", type, body, status };
}

/** Answer with JSON, for the small scripts. */
export function json(body: unknown, status = 200): Reply {
  return { kind: "json", body, status };
}

/** Answer with a kept file whose address never means another: anyone may show and keep it. */
export function file(type: string, body: Buffer): Reply {
  return { kind: "file", type, body };
}

/** A path of this site to come back to; anything that could lead elsewhere becomes `/`. */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== "string" || wanted.length > 500) return "/";
  if (!/^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(wanted)) return "/";
  return new URL(wanted, "http://here").pathname.startsWith("//") ? "/" : wanted;
}

/** Where a visitor signs in to come back to `path`. */
export function signInPath(path: string): string {
  return `/sign-in?back=${encodeURIComponent(path)}`;
}

export type Handler = (ctx: Ctx, req: Req) => Promise<Reply>;

/** A route. Paths are Express's plain `:name` patterns. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly handler: Handler;
  /** A POST that other sites may send: one-click unsubscribe only (RFC 8058, section 3.1). */
  readonly fromAnywhere?: boolean;
  /**
   * Asked before anything is read of the request, its form's token included; throws `not-found` to whom
   * shall not even learn that there is something here.
   */
  readonly admits?: (ctx: Ctx) => Promise<void>;
  /** A POST that takes files (multipart/form-data). */
  readonly uploads?: Uploads;
}

/** A page that anyone may ask for; never writes. */
export function get(path: string, handler: Handler): Route {
  return { method: "GET", path, handler };
}

/** A form's target; CSRF has been checked before the handler runs. */
export function post(path: string, handler: Handler): Route {
  return { method: "POST", path, handler };
}
