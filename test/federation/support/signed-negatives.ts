import { cavage, rfc9421, type Headers, type Signing, type Twist } from "./signed-twins.js";

const hour = 3_600_000;
const foreign = "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const bothDigests = `${foreign},${foreign}`;

/** How a request is signed. */
export type Sign = (signing: Signing, twist?: Twist) => Headers;
/** A request that must be refused. */
export interface Negative {
  readonly name: string;
  readonly sign: Sign;
  readonly twist?: Twist;
  readonly ageMs?: number;
  readonly status?: number;
  /** A change of the activity before it is signed. */
  readonly activity?: Record<string, unknown>;
}

const leaving = (names: readonly string[]) =>
  names.map((name) => [name, names.filter((one) => one !== name)] as const);

const cavageNames = ["(request-target)", "host", "date", "digest"];
const rfcDigest = "content-digest";
const rfcNames = ["@method", "@target-uri", rfcDigest];

/** What must be refused before anything is asked of anybody. */
export const unseen: readonly Negative[] = [
  ...leaving(cavageNames).map(([name, covered]) => ({
    ...{ name: `draft-cavage without ${name}`, sign: cavage, twist: { covered } },
  })),
  ...leaving(rfcNames).map(([name, covered]) => ({
    ...{ name: `RFC 9421 without ${name}`, sign: rfc9421, twist: { covered } },
  })),
  { name: "draft-cavage that covers nothing", sign: cavage, twist: { covered: [] } },
  { name: "RFC 9421 that covers nothing", sign: rfc9421, twist: { covered: [] } },
  {
    name: "a date that was signed and not sent",
    sign: cavage,
    twist: { sent: { date: undefined } },
  },
  { name: "a digest of something else", sign: cavage, twist: { signed: { digest: foreign } } },
  { name: "two digests", sign: cavage, twist: { signed: { digest: bothDigests } } },
  { name: "no digest at all", sign: cavage, twist: { sent: { digest: undefined } } },
  {
    ...{ name: "a content-digest of something else", sign: rfc9421 },
    twist: {
      signed: { "content-digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" },
    },
  },
  { name: "no content-digest", sign: rfc9421, twist: { sent: { "content-digest": undefined } } },
  { name: "another body", sign: cavage, twist: { body: '{"type":"Follow"}' } },
  { name: "another body under RFC 9421", sign: rfc9421, twist: { body: '{"type":"Follow"}' } },
  { name: "a date of two hours ago", sign: cavage, ageMs: 2 * hour },
  { name: "a date in two hours", sign: cavage, ageMs: -2 * hour },
  { name: "a creation two hours ago", sign: rfc9421, ageMs: 2 * hour },
  { name: "a creation in two hours", sign: rfc9421, ageMs: -2 * hour },
  { name: "an expiry that has passed", sign: rfc9421, twist: { extra: ";expires=1000" } },
  { name: "a date that is none", sign: cavage, twist: { signed: { date: "yesterday" } } },
  {
    ...{ name: "(created) under rsa-sha256", sign: cavage },
    twist: { covered: ["(request-target)", "host", "(created)", "digest"], created: 1_772_438_400 },
  },
  { name: "a key id twice", sign: cavage, twist: { extra: 'keyId="https://a.example/k"' } },
  { name: "an algorithm twice", sign: cavage, twist: { extra: 'algorithm="hs2019"' } },
  { name: "a list of headers twice", sign: cavage, twist: { extra: 'headers="date"' } },
  {
    ...{ name: "a creation twice", sign: cavage },
    twist: { created: 1_772_438_400, extra: "created=1772438400" },
  },
  { name: "an expiry twice", sign: cavage, twist: { extra: 'expires="1",expires="9999999999"' } },
  { name: "a signature twice", sign: cavage, twist: { extra: 'signature="AAAA"' } },
  { name: "a covered header twice", sign: cavage, twist: { covered: [...cavageNames, "date"] } },
  { name: "a component twice", sign: rfc9421, twist: { covered: [...rfcNames, "@method"] } },
  { name: "a parameter twice under RFC 9421", sign: rfc9421, twist: { extra: ";created=1" } },
  {
    ...{ name: "a key id twice under RFC 9421", sign: rfc9421 },
    twist: { extra: ';keyid="https://a.example/k"' },
  },
  { name: "a covered digest twice", sign: rfc9421, twist: { covered: [...rfcNames, rfcDigest] } },
  { name: "an algorithm nobody knows", sign: cavage, twist: { algorithm: "none" } },
  { name: "another algorithm", sign: rfc9421, twist: { extra: ';alg="hmac-sha256"' } },
  { name: "no signature", sign: cavage, twist: { sent: { signature: undefined } } },
  { name: "a Signature-Input alone", sign: rfc9421, twist: { sent: { signature: undefined } } },
  {
    ...{ name: "two signatures under RFC 9421", sign: rfc9421 },
    twist: { sent: { "signature-input": 'a=("@method");created=1;keyid="x", b=("@method")' } },
  },
  { name: "no type", sign: cavage, status: 400, activity: { type: undefined } },
  { name: "no actor", sign: cavage, status: 400, activity: { actor: undefined } },
  {
    name: "an id of another host",
    sign: rfc9421,
    status: 400,
    activity: { id: "https://a.example/1" },
  },
  {
    name: "another media type",
    sign: cavage,
    status: 415,
    twist: { sent: { "content-type": "text/html" } },
  },
];

/** What must be refused once the sender's key is known. */
export const seen: readonly Negative[] = [
  { name: "another host", sign: cavage, twist: { signed: { host: "elsewhere.example" } } },
  {
    name: "another path",
    sign: cavage,
    twist: { signed: { "(request-target)": "post /actor/inbox" } },
  },
  { name: "another method", sign: cavage, twist: { signed: { "(request-target)": "put /inbox" } } },
  { name: "another method under RFC 9421", sign: rfc9421, twist: { signed: { "@method": "PUT" } } },
  {
    ...{ name: "another address", sign: rfc9421 },
    twist: { signed: { "@target-uri": "https://elsewhere.example/inbox" } },
  },
  {
    name: "another inbox than the one it was made for",
    sign: cavage,
    twist: { path: "/actor/inbox" },
  },
  { name: "another inbox, under RFC 9421", sign: rfc9421, twist: { path: "/actor/inbox" } },
  {
    name: "a query that was not signed over",
    sign: rfc9421,
    twist: { signed: { "@target-uri": "x" }, path: "/inbox?a" },
  },
  {
    name: "a date other than the signed one",
    sign: cavage,
    twist: { signed: {}, sent: { date: new Date("2026-03-02T08:00:01Z").toUTCString() } },
  },
  {
    name: "the algorithm of another kind of key",
    sign: rfc9421,
    twist: { extra: ';alg="ed25519"' },
  },
];
