import type { RequestListener } from "node:http";
import { readUrl } from "../../drivers/web-address.js";
import { safeHeaders } from "./headers.js";

/**
 * Whether what a request asks for can be read (RFC 9112, section 3.2): a path, `*` of OPTIONS, or a
 * whole address of the web, without name or password (RFC 9110, section 4.2.4).
 */
export function isTarget(method: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  if (target === "*") return method === "OPTIONS";
  const whole = /^https?:\/\//i.test(target) ? readUrl(target) : null;
  return whole !== null && whole.username === "" && whole.password === "";
}

/**
 * Answers 400 to a request whose target cannot be read, such as `http://host:99999/`, before anybody
 * else sees it: routers guess at such addresses, each in its own way.
 */
export function refuseBadTargets(next: RequestListener): RequestListener {
  return (req, res) => {
    if (isTarget(req.method ?? "", req.url ?? "")) return next(req, res);
    req.resume();
    const type = "text/plain; charset=utf-8";
    res.writeHead(400, { ...safeHeaders, "Content-Type": type, Connection: "close" });
    res.end("bad request\n");
  };
}
