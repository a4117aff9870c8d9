import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

import { expect } from "chai";
import { chromium, type Browser } from "playwright-core";

import { writeGallery } from "../support/gallery.js";
import { needs, whereIs } from "../support/needs.js";

interface AxeResults {
  violations: { id: string; nodes: { target: unknown[] }[] }[];
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".woff2": "font/woff2",
};

describe("components in a real browser", function () {
  this.timeout(120_000);
  needs("chromium");
  let dir = "";
  let pages: string[] = [];
  let server: Server | null = null;
  let browser: Browser | null = null;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "gallery-"));
    pages = await writeGallery(dir);
    server = createServer((req, res) => {
      try {
        const path = new URL(req.url ?? "/", "http://here").pathname;
        const body = readFileSync(join(dir, path));
        res.setHeader("Content-Type", types[extname(path)] ?? "text/plain").end(body);
      } catch {
        res.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    const quiet = ["--disable-background-networking", "--disable-component-update"];
    browser = await chromium.launch({
      executablePath: whereIs("chromium") ?? "",
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet],
    });
  });
  after(async () => {
    await browser?.close();
    server?.close();
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  });

  for (const [colorScheme, width] of [
    ["light", 360],
    ["dark", 1280],
  ] as const) {
    it(`pass the audit and fit ${width} pixels in ${colorScheme}`, async () => {
      const context = await browser!.newContext({
        colorScheme,
        viewport: { width, height: 800 },
      });
      const found: string[] = [];
      for (const name of pages) {
        const page = await context.newPage();
        const { port } = server!.address() as AddressInfo;
        await page.goto(`http://127.0.0.1:${port}/${name}`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate<AxeResults>("axe.run()");
        found.push(...violations.map(({ id, nodes }) => `${name} ${id} ${nodes[0]?.target[0]}`));
        const overflow = await page.evaluate<number>(
          "document.documentElement.scrollWidth - innerWidth",
        );
        if (overflow > 0) found.push(`${name} is ${overflow} px too wide`);
        await page.close();
      }
      await context.close();

      expect(found).to.deep.equal([]);
    });
  }
});
