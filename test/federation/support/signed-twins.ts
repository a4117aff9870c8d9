import { createHash, type KeyObject } from "node:crypto";
import { signBytes } from "../../../src/federation/signatures/algorithms.js";

/** A POST about to be sent: what is signed, and what then goes over the wire. */
export interface Signing {
  readonly url: string;
  readonly body: string;
  readonly date: Date;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** What one twin does differently; all else is as an honest sender has it. */
export interface Twist {
  /** Names that are signed, instead of the usual ones. */
  readonly covered?: readonly string[];
  /** Values that are signed instead of the true ones. */
  readonly signed?: Readonly<Record<string, string>>;
  /** Headers that are sent instead of those that were signed; undefined leaves one out. */
  readonly sent?: Readonly<Record<string, string | undefined>>;
  /** After the parameters of the signature. */
  readonly extra?: string;
  readonly algorithm?: string;
  readonly created?: number;
  readonly body?: string;
  /** Where it is sent. */
  readonly path?: string;
  readonly method?: string;
}

/** Headers to be sent. */
export type Headers = Record<string, string>;

function hash(body: string): string {
  return createHash("sha256").update(body).digest("base64");
}

function finished(headers: Headers, { sent = {} }: Twist): Headers {
  const all = { "content-type": "application/activity+json", ...headers, ...sent };
  return Object.fromEntries(
    Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined),
  );
}

/** Signed as draft-cavage has it, with a twist. */
export function cavage(signing: Signing, twist: Twist = {}): Headers {
  const { pathname, search, host } = new URL(signing.url);
  const created = twist.created ?? null;
  const values: Headers = {
    "(request-target)": `post ${pathname}${search}`,
    "(created)": String(created),
    ...{ host, date: signing.date.toUTCString(), digest: `SHA-256=${hash(signing.body)}` },
    "content-type": "application/activity+json",
    ...twist.signed,
  };
  const covered = twist.covered ?? ["(request-target)", "host", "date", "digest"];
  const base = covered.map((name) => `${name}: ${values[name] ?? ""}`).join("\n");
  const parameters = [
    `keyId="${signing.keyId}"`,
    `algorithm="${twist.algorithm ?? "rsa-sha256"}"`,
    ...(created === null ? [] : [`created=${created}`]),
    `headers="${covered.join(" ")}"`,
    `signature="${signBytes(base, signing.privateKey).toString("base64")}"`,
    ...(twist.extra === undefined ? [] : [twist.extra]),
  ];
  const { date = "", digest = "" } = values;
  return finished({ date, digest, signature: parameters.join(",") }, twist);
}

/** Signed by RFC 9421, with a twist. */
export function rfc9421(signing: Signing, twist: Twist = {}): Headers {
  const created = twist.created ?? Math.floor(signing.date.getTime() / 1_000);
  const values: Headers = {
    ...{ "@method": "POST", "@target-uri": signing.url },
    "content-digest": `sha-256=:${hash(signing.body)}:`,
    ...twist.signed,
  };
  const covered = twist.covered ?? ["@method", "@target-uri", "content-digest"];
  const list = covered.map((name) => `"${name}"`).join(" ");
  const params = `(${list});created=${created};keyid="${signing.keyId}"${twist.extra ?? ""}`;
  const lines = covered.map((name) => `"${name}": ${values[name] ?? ""}`);
  const base = [...lines, `"@signature-params": ${params}`].join("\n");
  const signature = signBytes(base, signing.privateKey).toString("base64");
  const digest = values["content-digest"] ?? "";
  return finished(
    {
      ...{ "content-digest": digest, "signature-input": `sig1=${params}` },
      signature: `sig1=:${signature}:`,
    },
    twist,
  );
}
