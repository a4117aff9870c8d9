import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server elsewhere that answers WebFinger as a test wants it. */
export interface OwnServer {
  readonly origin: string;
  readonly host: string;
  /** What was asked for, with its query. */
  readonly asked: string[];
  /** Its answer: links of the account, a whole body, or an answer of its own. */
  say(answer: Say): void;
  close(): Promise<void>;
}

type Say =
  | { readonly links: readonly object[]; readonly subject?: string }
  | { readonly body: string; readonly type?: string }
  | ((req: IncomingMessage, res: ServerResponse) => void);

/** Open one; it knows nobody at first. */
export async function anOwnServer(): Promise<OwnServer> {
  const asked: string[] = [];
  let answer: Say = (_req, res) => void res.writeHead(404).end();
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    if (typeof answer === "function") return answer(req, res);
    const type = "type" in answer ? answer.type : undefined;
    res.writeHead(200, { "content-type": type ?? "application/jrd+json" });
    res.end("body" in answer ? answer.body : JSON.stringify(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ origin: `http://${host}`, host, asked },
    say(next) {
      answer = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Links as Mastodon gives them. */
export function mastodonLinks(origin: string): object[] {
  return [
    { rel: "self", type: "application/activity+json", href: `${origin}/users/zoe` },
    {
      rel: "http://ostatus.org/schema/1.0/subscribe",
      template: `${origin}/authorize_interaction?uri={uri}`,
    },
  ];
}
