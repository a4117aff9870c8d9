/** What is odd in bytes that no HTTP library would send. */
export interface Oddities {
  readonly host: string;
  readonly major: number;
  readonly minor: number;
  /** One line each; the last two hold nothing that would end a request line. */
  readonly texts: readonly [string, string, string];
}

/** What no HTTP library would send. */
export function brokenRequests({ host, major, minor, texts }: Oddities): readonly string[] {
  const [a, b, c] = texts;
  const ok = `Host: ${host}\r\nConnection: close\r\n`;
  return [
    `GET / HTTP/1.1\r\nHost: ${a}\r\nConnection: close\r\n\r\n`,
    `${a} / HTTP/1.1\r\n${ok}\r\n`,
    `GET ${a} HTTP/1.1\r\n${ok}\r\n`,
    `GET / HTTP/${major}.${minor}\r\n${ok}\r\n`,
    `GET / HTTP/1.1\r\n${ok}X: ${"x".repeat(20_000)}\r\n\r\n`,
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\n${ok}\r\n`,
    `GET / HTTP/1.1\r\n${ok}${Array.from({ length: 1_500 }, (_, n) => `x${n}: y\r\n`).join("")}\r\n`,
    `POST /inbox HTTP/1.1\r\n${ok}Content-Type: application/activity+json\r\nContent-Length: 900\r\n\r\n{}`,
    `POST /inbox HTTP/1.1\r\n${ok}Content-Length: ${a}\r\n\r\n{}`,
    `POST /inbox HTTP/1.1\r\n${ok}Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}abc`,
    `POST /inbox HTTP/1.1\r\n${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST /inbox HTTP/1.1\r\n${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    `POST /inbox HTTP/1.1\r\n${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{}`,
    `POST /sign-in HTTP/1.1\r\n${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /proposals HTTP/1.1\r\nHost: ${host}\r\n\r\n${a}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${a}\r\nConnection: close\r\n\r\n`,
    `GET http://${a}/ HTTP/1.1\r\n${ok}\r\n`,
    `GET http://${host}/${b} HTTP/1.1\r\n${ok}\r\n`,
    `OPTIONS * HTTP/1.1\r\n${ok}\r\n`,
    `CONNECT ${host} HTTP/1.1\r\n${ok}\r\n`,
    `TRACE / HTTP/1.1\r\n${ok}\r\n`,
    `PATCH /proposals/1 HTTP/1.1\r\n${ok}Content-Length: 0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${ok}Upgrade: websocket\r\nConnection: upgrade\r\n\r\n`,
    `POST /inbox HTTP/1.1\r\n${ok}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
    `GET / HTTP/1.1\r\n${ok}Expect: ${b}\r\n\r\n`,
    `GET //${host}/inbox HTTP/1.1\r\n${ok}\r\n`,
    `GET /?${c.repeat(20)} HTTP/1.1\r\n${ok}\r\n`,
    `${a}\r\n${b}\r\n\r\n${c}`,
  ];
}
