import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import express from "express";
import Handlebars from "handlebars";
import type { FloorPage } from "./floor-pages.js";

/**
 * The least a page can cost with the same tools: Express, one precompiled template, its data in
 * memory. No store, no session, no languages. Arguments: a file of `FloorPage`s, and a port.
 */
const template = Handlebars.compile<FloorPage>(
  `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{{title}}</title></head><body>
{{#each items}}<article><h3><a href="{{this.url}}">{{this.title}}</a></h3><p>{{this.text}}</p></article>
{{/each}}{{{rest}}}</body></html>`,
);

const [file = "", port = "0"] = process.argv.slice(2);
const pages = JSON.parse(readFileSync(file, "utf8")) as FloorPage[];
const app = express();
app.disable("x-powered-by");
for (const [index, page] of pages.entries()) {
  const rest = "x".repeat(page.bytes - Buffer.byteLength(template({ ...page, rest: "" })));
  app.get(`/${index}`, (_req, res) => {
    res.type("html").send(template({ ...page, rest }));
  });
}
const server = createServer(app).listen(Number(port), () => {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, msg: "listening" })}\n`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
