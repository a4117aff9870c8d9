import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "undici";
import { takeOrders } from "./control.js";

/**
 * The least that deliveries can cost: each is digested, signed (draft-cavage, RSA of 2,048 bits) and
 * posted, from memory, over connections that are kept. Nothing is stored and nothing is tried again.
 * Arguments: a port for orders, a file with the private key, how many posts are under way at once.
 */
const [port = "0", keyFile = "", concurrency = "1"] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(keyFile, "utf8"));
const agent = new Agent({ keepAliveTimeout: 60_000 });

async function post(inbox: URL, body: string): Promise<void> {
  const date = new Date().toUTCString();
  const digest = `SHA-256=${createHash("sha256").update(body).digest("base64")}`;
  const base = `(request-target): post ${inbox.pathname}\nhost: ${inbox.host}\ndate: ${date}\ndigest: ${digest}`;
  const signed = sign("sha256", Buffer.from(base), key).toString("base64");
  const answer = await agent.request({
    ...{ origin: inbox.origin, path: inbox.pathname, method: "POST", body },
    headers: {
      ...{ date, digest, "content-type": "application/activity+json" },
      signature: `keyId="http://localhost/actor#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="${signed}"`,
    },
  });
  await answer.body.dump();
  if (answer.statusCode !== 202) throw new Error(`it answered ${answer.statusCode}`);
}

takeOrders(Number(port), {
  round: async (asked) => {
    const { bodies, inboxes } = asked as { bodies: string[]; inboxes: string[] };
    const targets = inboxes.map((inbox) => new URL(inbox));
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < bodies.length * targets.length) {
        const at = next++;
        const [body, inbox] = [
          bodies[Math.floor(at / targets.length)],
          targets[at % targets.length],
        ];
        if (body !== undefined && inbox !== undefined) await post(inbox, body);
      }
    };
    await Promise.all(Array.from({ length: Number(concurrency) }, worker));
  },
});
process.once("SIGTERM", () => process.exit(0));
