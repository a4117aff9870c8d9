import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import type { LookupFunction } from "node:net";
import { z } from "zod";
import type { Instance } from "../kit/index.js";
import { finding, type Finding } from "./doctor-checks.js";

/** What came back from an instance's own address. */
interface Reply {
  readonly status: number;
  readonly date: Date | null;
  readonly body: string;
}

const timeoutMs = 8_000;
const mostCharacters = 65_536;

/** `*.localhost` is this very machine (RFC 6761, section 6.3), also where the resolver knows it not. */
const toItself: LookupFunction = (_name, options, done) => {
  if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

function ask(url: URL): Promise<Reply> {
  const isLocal = url.hostname === "localhost" || url.hostname.endsWith(".localhost");
  const options = {
    agent: false as const,
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(timeoutMs),
    ...(isLocal ? { lookup: toItself } : {}),
  };
  return new Promise((resolve, reject) => {
    const get = url.protocol === "https:" ? getSecure : getPlain;
    const request = get(url, options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
        if (body.length > mostCharacters) response.destroy(new Error("the answer is too long"));
      });
      response.on("error", reject).on("end", () => {
        const at = new Date(response.headers.date ?? Number.NaN);
        const date = Number.isNaN(at.getTime()) ? null : at;
        resolve({ status: response.statusCode ?? 0, date, body });
      });
    });
    request.on("error", reject);
  });
}

const nodeInfo = z.object({
  software: z.object({ name: z.string() }),
  metadata: z.object({ nodeName: z.string() }),
});

/** Whether an instance answers at its public address, as the instance that it is. */
export async function checkAddress(
  instance: Instance,
): Promise<{ readonly finding: Finding; readonly date: Date | null }> {
  const { origin, state } = instance;
  const found = (level: Finding["level"], text: string, remedy: string | null = null): Finding =>
    finding("address", level, `${origin} ${text}`, remedy);
  let reply: Reply;
  try {
    reply = await ask(new URL(instance.url("/nodeinfo/2.1")));
  } catch (error) {
    return { finding: found("fail", `does not answer (${reasonOf(error)})`, start), date: null };
  }
  const { status, date } = reply;
  if (state !== "active" && (status === 503 || status === 410)) {
    return { finding: found("ok", `answers (${status} while ${state})`), date };
  }
  if (status === 421)
    return { finding: found("fail", "is not served under this name", proxy), date };
  const name = nameIn(reply);
  if (status !== 200 || name === null) {
    return { finding: found("fail", `answers ${status}, but not as Parvis`, proxy), date };
  }
  if (name !== instance.name) {
    return { finding: found("fail", `answers as another instance, "${name}"`, proxy), date };
  }
  return { finding: found("ok", "answers as Parvis"), date };
}

const start = "start the server (npm start); check the name's DNS, the proxy and the firewall";
const proxy = "have the proxy pass every path, and the Host header unchanged, to Parvis";

function nameIn({ body }: Reply): string | null {
  try {
    const { software, metadata } = nodeInfo.parse(JSON.parse(body));
    return software.name === "parvis" ? metadata.nodeName : null;
  } catch {
    return null;
  }
}

const reasons: Readonly<Partial<Record<string, string>>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the name is unknown",
  EAI_AGAIN: "the name cannot be resolved now",
  ABORT_ERR: "no answer in time",
  CERT_HAS_EXPIRED: "the certificate has expired",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? (code === "" ? "the connection failed" : code);
}
