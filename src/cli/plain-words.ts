import { ConfigError } from "../config.js";
import { FetchRefused } from "../drivers/fetch.js";
import { isStoreUnavailable } from "../drivers/store/unavailable.js";
import { BegunOtherwise } from "../features/set-up/founding.js";
import { HostTaken } from "../hosting/instance-names.js";
import { Refusal, type Instance } from "../kit/index.js";

const refusals: Readonly<Partial<Record<string, string>>> = {
  "already-taken": "This mail address has an account on this instance already.",
  "refusals.obvious-password": "This password is too easy to guess: choose another one.",
  "not-found": "There is no ActivityPub actor at this address.",
  "self-test.errors.host": "This is no server such as velo.example.",
  "self-test.errors.ours":
    "This is the instance itself, or another one of its names: name another server.",
  "self-test.errors.account": "--account: it is not of that server, or not complete.",
  "members-full": "This instance has as many members as it may have: see instance limits.",
};

const system: Readonly<Partial<Record<string, string>>> = {
  ENOENT: "there is no such file",
  EACCES: "the file may not be read or written by this user",
  EISDIR: "this is a folder, not a file",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
  Z_DATA_ERROR: "the compressed file is damaged",
  Z_BUF_ERROR: "the compressed file ends too early",
  ERR_ENCODING_INVALID_ENCODED_DATA:
    "the file is not in UTF-8: convert it first, such as with iconv -f latin1 -t utf-8",
};

/** What went wrong, in a sentence an operator can act on; never a stack. */
export function inPlainWords(error: unknown): string {
  if (error instanceof ConfigError) {
    return `The configuration needs a correction:\n${error.message}`;
  }
  if (error instanceof HostTaken) {
    const { message: host, wasDeleted } = error;
    return wasDeleted
      ? `An instance that was deleted had this host, which is never used again: ${host}`
      : `An instance has this host already: ${host}`;
  }
  if (error instanceof BegunOtherwise) return wordsOfBegun(error.begun);
  if (error instanceof Refusal) return wordsOfRefusal(error);
  if (error instanceof FetchRefused) return `The other server cannot be reached: ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  if (error.name.startsWith("Mongo")) return ofMongo(error);
  if (error.name === "MediaDamaged") {
    return `${error.message} Put it back as it was, or remove it: the rest is backed up and moved then.`;
  }
  const code = "code" in error ? String(error.code) : "";
  const known = system[code];
  if (known === undefined) return error.message;
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return `${path}${known}.`;
}

/** What to type to make it to its end. */
function wordsOfBegun({ host, origin, name, kind, language, handle, aliases }: Instance): string {
  const alias = aliases.length === 0 ? "" : ` --alias ${aliases.join(" ")}`;
  return `${host} was begun with other words and never made to its end. Run it again with those:
  npm run parvis -- instance create --origin ${origin} --name ${JSON.stringify(name)} --kind ${kind} --language ${language} --handle ${handle}${alias}`;
}

/** The driver's errors name nothing that an operator has set. */
function ofMongo(error: Error): string {
  if (!isStoreUnavailable(error))
    return `MongoDB refuses MONGODB_URL or what was asked: ${error.message}`;
  return `MongoDB does not answer (${error.message}): check MONGODB_URL and that this machine may reach it.`;
}

function wordsOfRefusal({ code, errors }: Refusal): string {
  const [first] = errors;
  const words = refusals[first?.key ?? ""] ?? refusals[code];
  return words ?? `This was refused: ${first === undefined ? code : `${first.field} (${code})`}.`;
}
