/**
 * An inbox made with Fedify as its documentation shows it, for the benches: it verifies what comes,
 * reads it and does nothing with it. Argument: a port.
 */
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { createFederation, MemoryKvStore } from "@fedify/fedify";
import { Create } from "@fedify/vocab";

const federation = createFederation({ kv: new MemoryKvStore(), allowPrivateAddress: true });
federation.setActorDispatcher("/users/{identifier}", () => null);
federation.setInboxListeners("/users/{identifier}/inbox", "/inbox").on(Create, () => undefined);

const server = createServer((req, res) => {
  const answer = async () => {
    const url = `http://${req.headers.host}${req.url}`;
    const body = await buffer(req);
    const request = new Request(url, { method: req.method, headers: req.headers, body });
    const response = await federation.fetch(request, { contextData: undefined });
    res.writeHead(response.status).end(await response.text());
  };
  answer().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    res.writeHead(500).end();
  });
});
server.listen(Number(process.argv[2]), () => {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, msg: "listening" })}\n`);
});
