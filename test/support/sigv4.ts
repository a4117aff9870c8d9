import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request as a service got it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Whom the service knows, and where it is. */
export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer =>
  createHmac("sha256", key).update(data).digest();

const header =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
const quarterHourMs = 900_000;

/**
 * Verify a request by AWS Signature Version 4, written from "Authenticating Requests: Using the
 * Authorization Header" of the S3 API reference, with nothing of what signs.
 * @returns the code of S3's error, or null when all is right
 */
export function verifySigV4(
  { method, target, headers, body }: SignedRequest,
  account: Account,
  now: Date,
): string | null {
  const parts = header.exec(one(headers["authorization"]));
  if (parts === null) return "AccessDenied";
  const [, keyId, day, region, service, signed = "", signature = ""] = parts;
  if (keyId !== account.accessKeyId) return "InvalidAccessKeyId";
  if (region !== account.region || service !== "s3") return "AuthorizationHeaderMalformed";
  const stamp = one(headers["x-amz-date"]);
  if (!stamp.startsWith(`${day}T`)) return "AuthorizationHeaderMalformed";
  if (Math.abs(timeOf(stamp) - now.getTime()) > quarterHourMs) return "RequestTimeTooSkewed";
  const names = signed.split(";");
  const all = Object.keys(headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  if (all.some((name) => !names.includes(name))) return "AccessDenied";
  const payload = one(headers["x-amz-content-sha256"]);
  if (payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const [path = "", query = ""] = target.split("?");
  const canonical = [
    ...[method, path, query.split("&").sort().join("&")],
    ...names.map((name) => `${name}:${one(headers[name]).trim().replace(/ +/g, " ")}`),
    ...["", signed, payload],
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
  const key = [day ?? "", region, service, "aws4_request"].reduce<string | Buffer>(
    (made, part) => hmac(made, part),
    `AWS4${account.secretAccessKey}`,
  );
  const expected = hmac(key, toSign);
  return timingSafeEqual(expected, Buffer.from(signature, "hex")) ? null : "SignatureDoesNotMatch";
}

function timeOf(stamp: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function one(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}
