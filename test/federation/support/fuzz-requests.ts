import fc from "fast-check";
import { brokenRequests, type Oddities } from "./fuzz-wire.js";

/** What requests are made of: addresses that exist, and what a browser that is signed in sends. */
export interface Ground {
  readonly host: string;
  /** Patterns of routes, such as `/proposals/:number`. */
  readonly gets: readonly string[];
  readonly posts: readonly string[];
  /** Values that lead somewhere, for the patterns. */
  readonly ids: readonly string[];
  readonly cookie: string;
  readonly token: string;
}

type Headers = ReadonlyArray<readonly [string, string]>;

/** A request as it goes over the wire, told by numbers so that it can be told again. */
export interface Odd {
  readonly kind: "page" | "form" | "inbox" | "network" | "wire";
  readonly at: number;
  readonly texts: readonly string[];
  readonly headers: Headers;
  readonly signedIn: boolean;
  readonly how: number;
}

const hostile = [
  ...[
    "",
    "0",
    "-1",
    "1e309",
    "99999999999999999999",
    "NaN",
    "null",
    "undefined",
    "[object Object]",
  ],
  ...["__proto__", "constructor", "toString", "..", "../../etc/passwd", "%00", "%", "%zz", "%ff"],
  ...["%ed%a0%80", "%c0%af", "%2e%2e%2f", "a".repeat(300), "a".repeat(3_000), "é%CC%81", "%F0%9F"],
  ...["' OR 1=1--", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", '"><img src=x>', "\u202e"],
  ...["2026-02-30", "-000001-01-01T00:00:00Z", "9".repeat(30), "0x10", "1_000", "½", "٣", "true"],
  ...[
    "01kjprzb00fjrrmpya3gzg4dca",
    "z".repeat(26),
    "a,b,c",
    "a;b",
    "a=b&c=d",
    "[]",
    "[a]=1",
    "j:{}",
  ],
  ...["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example/", "a@b.c"],
  ...["acct:", "acct:a@", "acct:@", "acct:a@b@c", "acct:a@127.0.0.1:1", "urn:x", "http://[::1"],
];

const names = [
  ...["q", "page", "after", "before", "sort", "order", "topic", "status", "place", "lang", "back"],
  ...[
    "resource",
    "uri",
    "number",
    "id",
    "ids",
    "title",
    "body",
    "name",
    "mail",
    "password",
    "text",
  ],
  ...["__proto__", "constructor[prototype]", "a[b][c]", "a[]", "a.b", "$where", "", "topicId"],
  ...["decision", "office", "milestones", "due", "month", "from", "to", "who", "host", "token"],
];

const accepts = [
  ...["*/*", "text/html", "application/activity+json", "application/json", "image/png", ""],
  ...['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "text/*;q=0", ";;;"],
  ...["application/activity+json;q=9,text/html;q=-1", "a/b;q=" + "9".repeat(50), "*", ",,,", "x"],
];

const headerNames = [
  ...["accept", "accept-language", "accept-encoding", "cookie", "content-type", "if-none-match"],
  ...["if-modified-since", "range", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"],
  ...[
    "signature",
    "signature-input",
    "digest",
    "content-digest",
    "date",
    "authorization",
    "origin",
  ],
  ...[
    "referer",
    "sec-fetch-site",
    "x-requested-with",
    "expect",
    "te",
    "upgrade",
    "content-encoding",
  ],
];

const values = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostile) },
  { weight: 3, arbitrary: fc.constantFrom(...accepts) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 1, max: 255 }), { maxLength: 30 })
      .map((codes) => String.fromCharCode(...codes).replace(/[\r\n]/g, "?")),
  },
);

/** Any of them. */
export const odds: fc.Arbitrary<Odd> = fc.record(
  {
    kind: fc.constantFrom(
      ...(["page", "page", "page", "form", "form", "inbox", "network", "wire"] as const),
    ),
    at: fc.nat(10_000),
    texts: fc.array(values, { minLength: 3, maxLength: 6 }),
    headers: fc.array(fc.tuple(fc.constantFrom(...headerNames), values), { maxLength: 4 }),
    signedIn: fc.boolean(),
    how: fc.nat(10_000),
  },
  { noNullPrototype: true },
);

const network = [
  ...["/.well-known/webfinger", "/.well-known/host-meta", "/.well-known/nodeinfo", "/nodeinfo/2.1"],
  ...["/actor", "/actor/outbox", "/actor/followers", "/actor/instance", "/authorize_interaction"],
  ...["/proposals/1", "/proposals/1/replies", "/proposals/1/likes", "/proposals/1/actor/outbox"],
  ...["/inbox", "/people/x", "/comments/x", "/topics/x/outbox", "/activities/x", "/healthz"],
];

function choose(list: readonly string[], at: number): string {
  return list[at % list.length] ?? "";
}

function pathOf(pattern: string, { ids }: Ground, { texts, how }: Odd): string {
  let nth = 0;
  return pattern.replace(/:[a-z]+|\*[a-z]+/gi, () => {
    nth += 1;
    const odd = (how >> nth) % 3 === 0;
    return odd ? visible(texts[nth % texts.length] ?? "x") : choose(ids, how + nth);
  });
}

/** What a request line can hold: spaces and control characters would end it. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u0020\u007f-\uffff]/g, (one) =>
    encodeURIComponent(one.charCodeAt(0) > 255 ? "é" : one),
  );
}

function query({ texts, at }: Odd): string {
  return texts
    .map((text, nth) => `${encodeURIComponent(choose(names, at + nth * 7))}=${visible(text)}`)
    .join("&");
}

function fields({ texts, at }: Odd, token: string): string {
  const all = texts.map((text, nth): [string, string] => [choose(names, at + nth * 11), text]);
  return new URLSearchParams([["_csrf", token], ...all]).toString();
}

function wired(line: string, headers: Headers, body = ""): string {
  return [line, ...headers.map(([name, value]) => `${name}: ${value}`), "", body].join("\r\n");
}

const types = [
  ...["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/plain"],
  ...["multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-7", "x"],
  ...["application/activity+json", "application/activity+json; charset=utf-16"],
];

function bodyOf(odd: Odd, ground: Ground): string {
  switch (odd.how % 6) {
    case 0:
      return odd.texts.join("\u0000");
    case 1:
      return `--x\r\nContent-Disposition: form-data; name="a"; filename="../x"\r\n\r\n${odd.texts.join()}`;
    case 2:
      return JSON.stringify(odd.texts);
    default:
      return fields(odd, ground.token);
  }
}

/** The bytes of the request. */
export function bytesOf(odd: Odd, ground: Ground): Buffer {
  const { kind, at, how } = odd;
  const cookie: Headers = odd.signedIn ? [["cookie", ground.cookie]] : [];
  const own: Headers = [["host", ground.host], ["connection", "close"], ...cookie, ...odd.headers];
  const get = (path: string): string =>
    wired(`${how % 5 === 0 ? "HEAD" : "GET"} ${path} HTTP/1.1`, own);
  const post = (path: string, type: string, body: string): string =>
    wired(
      `POST ${path} HTTP/1.1`,
      [...own, ["content-type", type], ["content-length", String(Buffer.byteLength(body))]],
      body,
    );
  const text = ((): string => {
    switch (kind) {
      case "page":
        return get(`${pathOf(choose(ground.gets, at), ground, odd)}?${query(odd)}`);
      case "form": {
        const type = how % 4 === 0 ? choose(types, at) : "application/x-www-form-urlencoded";
        return post(pathOf(choose(ground.posts, at), ground, odd), type, bodyOf(odd, ground));
      }
      case "inbox":
        return post("/inbox", choose(types, how), bodyOf(odd, ground));
      case "network":
        return get(`${choose(network, at)}?${query(odd)}`);
      case "wire":
        return choose(brokenRequests(oddities(odd, ground)), how);
    }
  })();
  return Buffer.from(text, "utf8");
}

function oddities({ at, how, texts }: Odd, { host }: Ground): Oddities {
  const [a = "", b = "", c = ""] = texts;
  const line = a.replace(/[\r\n]/g, "?");
  return { host, major: how % 10, minor: at % 10, texts: [line, visible(b), visible(c)] };
}
