import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";

import { iconOfPath, inCivicColour } from "./views/actor-icons.js";
import { civicStylesheet, civicStylesheetPath, colourOfPath } from "./views/colour.js";

/** Built files, ready to send. */
export interface Assets {
  /** Addresses of what every page needs. */
  readonly urls: { readonly css: string; readonly js: string };
  /** The address of an asset by its logical name, such as `favicon.svg`. Throws when unknown. */
  url(name: string): string;
  /** Answers GET and HEAD under `/assets/` and `/icons/`: the file, or 404. Other requests pass on. */
  readonly middleware: RequestHandler;
}

interface Encodings {
  readonly type: string;
  readonly plain: Buffer;
  readonly br: Buffer | null;
  readonly gzip: Buffer | null;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};
const forEver = "public, max-age=31536000, immutable";
const manifestSchema = z.record(z.string(), z.string());

/**
 * Read what `buildAssets` left in `dir` into memory, compressed once. Throws when the folder was
 * not built. Names carry a hash of the content, so browsers may keep them for ever.
 */
export function loadAssets(dir: string): Assets {
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")),
  );
  const files = new Map<string, Encodings>();
  for (const name of readdirSync(dir)) {
    const type = types[extname(name)];
    if (type !== undefined) files.set(name, encodings(type, readFileSync(join(dir, name))));
  }
  const url = (name: string): string => {
    const file = manifest[name];
    if (file === undefined) throw new Error(`There is no asset named ${name}`);
    return `/assets/${file}`;
  };
  return {
    urls: { css: url("main.css"), js: url("main.js") },
    url,
    middleware: (req, res, next) => {
      if (req.method !== "GET" && req.method !== "HEAD") return next();
      const icon = req.path === "/favicon.svg" ? files.get(manifest["favicon.svg"] ?? "") : null;
      if (icon != null) return send(req, res, icon, "public, max-age=86400");
      if (req.path.startsWith("/icons/")) return sendIcon(manifest, files, req, res);
      if (!req.path.startsWith("/assets/")) return next();
      serve(files, req, res);
    },
  };
}

function sendNothing(res: Response): void {
  res.status(404).set("Cache-Control", "no-store").type("text/plain").send("Not found\n");
}

/** The picture of an actor that has none of its own; other sites may show it. */
function sendIcon(
  manifest: Readonly<Record<string, string>>,
  files: ReadonlyMap<string, Encodings>,
  req: Request,
  res: Response,
): void {
  const wanted = iconOfPath(req.path);
  const drawing = wanted === null ? undefined : files.get(manifest[`${wanted.kind}.png`] ?? "");
  if (wanted === null || drawing === undefined) return sendNothing(res);
  const plain = inCivicColour(drawing.plain, wanted.hue);
  send(req, res, { ...drawing, plain }, "public, max-age=86400", "cross-origin");
}

function serve(files: ReadonlyMap<string, Encodings>, req: Request, res: Response): void {
  const file = files.get(req.path.slice("/assets/".length));
  if (file !== undefined) return send(req, res, file, forEver);
  const colour = colourOfPath(req.path);
  if (colour === null) return sendNothing(res);
  const plain = Buffer.from(civicStylesheet(colour));
  const isCurrent = civicStylesheetPath(colour) === req.path;
  const css: Encodings = { type: types[".css"] as string, plain, br: null, gzip: null };
  send(req, res, css, isCurrent ? forEver : "public, max-age=60");
}

function send(
  req: Request,
  res: Response,
  file: Encodings,
  cacheControl: string,
  readers: "same-origin" | "cross-origin" = "same-origin",
): void {
  const [body, encoding] =
    file.br !== null && req.acceptsEncodings("br") === "br"
      ? [file.br, "br"]
      : file.gzip !== null && req.acceptsEncodings("gzip") === "gzip"
        ? [file.gzip, "gzip"]
        : [file.plain, null];
  res.set({
    "Content-Type": file.type,
    "Content-Length": String(body.byteLength),
    "Cache-Control": cacheControl,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": readers,
    Vary: "Accept-Encoding",
  });
  if (encoding !== null) res.set("Content-Encoding", encoding);
  res.status(200).end(req.method === "HEAD" ? undefined : body);
}

function encodings(type: string, plain: Buffer): Encodings {
  if (type === "font/woff2" || type === "image/png") return { type, plain, br: null, gzip: null };
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return {
    type,
    plain,
    br: brotliCompressSync(plain, { params: quality }),
    gzip: gzipSync(plain, { level: 9 }),
  };
}
