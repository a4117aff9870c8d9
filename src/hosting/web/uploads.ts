import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import type { Request, RequestHandler } from "express";
import { Refusal } from "../../kit/refusal.js";
import type { UploadedFile, Uploads } from "../../kit/route.js";
import { fromAnotherSite } from "./csrf.js";
import { stateOf } from "./state.js";

const mostFields = 300;
const longestField = 64 * 1024;
/** Room for fields and the lines between parts. */
const besideFiles = 1024 * 1024;

interface Form {
  readonly body: Record<string, string>;
  readonly files: Record<string, UploadedFile>;
}

/**
 * Reads a form with files, for the routes that take any; every other request goes through untouched.
 * Before a byte is read the request has to come from this site and from somebody who may upload; what
 * is read is bounded and stays in memory, and nothing is done with it before its token was checked.
 */
export function readUploads(uploads: Uploads | undefined): RequestHandler {
  return (req, res, next) => {
    if (uploads === undefined || !req.is("multipart/form-data")) return next();
    const state = stateOf(res);
    if (fromAnotherSite(req)) throw new Refusal("expired-form");
    uploads.mayUpload(state.ctx);
    const most = uploads.fields.length * uploads.mostBytes + besideFiles;
    if (Number(req.get("content-length") ?? 0) > 4 * most) throw new Refusal("too-large");
    return readForm(req, uploads, most).then(({ body, files }) => {
      req.body = body;
      state.files = files;
      next();
    });
  };
}

function readForm(req: Request, uploads: Uploads, most: number): Promise<Form> {
  return new Promise((resolve, reject) => {
    const form: Form = { body: {}, files: {} };
    const parser = open(req, uploads);
    let received = 0;
    const fail = (): void => {
      req.unpipe(parser);
      req.resume();
      reject(new Refusal("invalid-form"));
    };
    req.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received <= 4 * most) return;
      req.unpipe(parser);
      req.destroy();
      reject(new Refusal("too-large"));
    });
    parser.on("field", (name, value, isNameCut, isCut) => {
      if (!isNameCut && !isCut) form.body[name] = value;
    });
    parser.on("file", (name, stream) => {
      stream.on("error", fail);
      if (uploads.fields.includes(name)) keep(form, name, stream);
      else stream.resume();
    });
    for (const limit of ["fieldsLimit", "partsLimit", "filesLimit"] as const) {
      parser.on(limit, fail);
    }
    parser.on("error", fail).on("finish", () => resolve(form));
    req.on("aborted", fail).on("error", fail);
    req.pipe(parser);
  });
}

function open(req: Request, { fields, mostBytes }: Uploads): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...req.headers, "content-type": req.headers["content-type"] ?? "" },
      limits: {
        ...{ fields: mostFields, fieldSize: longestField, fieldNameSize: 100 },
        ...{ files: fields.length, fileSize: mostBytes, parts: mostFields + fields.length },
        ...{ headerPairs: 20, headerSize: 4096 },
      },
    });
  } catch {
    throw new Refusal("invalid-form");
  }
}

/** A field that was left empty comes as a file without a byte. */
function keep(form: Form, name: string, stream: BusboyFileStream): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
  stream.on("end", () => {
    if (chunks.length === 0) return;
    form.files[name] = { bytes: Buffer.concat(chunks), isCut: stream.truncated };
  });
}
