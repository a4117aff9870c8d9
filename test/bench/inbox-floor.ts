import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import express from "express";

/**
 * The least that taking in a signed activity can cost: Express, the raw body, its digest, one RSA
 * verification with a key that is parsed already. Nothing is parsed, checked or stored.
 * Arguments: a file with the public key, and a port.
 */
const [keyFile = "", port = "0"] = process.argv.slice(2);
const key = createPublicKey(readFileSync(keyFile, "utf8"));
const app = express();
app.disable("x-powered-by");
app.post("/inbox", express.raw({ type: () => true, limit: "1mb" }), (req, res) => {
  const { digest, date, host, signature } = req.headers;
  const body = req.body as Buffer;
  const found = `SHA-256=${createHash("sha256").update(body).digest("base64")}`;
  const signed = /signature="([^"]+)"/.exec(String(signature))?.[1] ?? "";
  const base = `(request-target): post /inbox\nhost: ${host}\ndate: ${date}\ndigest: ${String(digest)}`;
  const holds = verify("sha256", Buffer.from(base), key, Buffer.from(signed, "base64"));
  res.status(holds && found === digest ? 202 : 401).end();
});
app.listen(Number(port), () => {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, msg: "listening" })}\n`);
});
