import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { expect } from "chai";
import express from "express";
import { request } from "undici";

import { loadAssets, type Assets } from "../../src/hosting/assets.js";
import { buildAssets } from "../../src/hosting/build-assets.js";
import { civicStylesheetPath } from "../../src/hosting/views/colour.js";

describe("assets", () => {
  let dir = "";
  let assets: Assets;
  let server: Server;
  let origin = "";

  before(async function () {
    this.timeout(20_000);
    dir = mkdtempSync(join(tmpdir(), "assets-"));
    await buildAssets(dir);
    assets = loadAssets(dir);
    const app = express();
    app.use(assets.middleware);
    app.use((_req, res) => void res.status(418).send("passed on"));
    server = createServer(app).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const get = (path: string, encoding = "identity", method: "GET" | "HEAD" | "POST" = "GET") =>
    request(origin + path, { method, headers: { "accept-encoding": encoding } });

  it("are kept for ever, since their names change with their content", async () => {
    const { headers, body } = await get(assets.urls.css);
    await body.dump();

    expect(assets.urls.css).to.match(/^\/assets\/main-[A-Z0-9]{8}\.css$/);
    expect(headers["cache-control"]).to.equal("public, max-age=31536000, immutable");
    expect(headers["x-content-type-options"]).to.equal("nosniff");
    expect(headers["content-type"]).to.equal("text/css; charset=utf-8");
  });

  it("are compressed for whoever can read that, and the same for all", async () => {
    const plain = await (await get(assets.urls.js)).body.text();
    const br = await get(assets.urls.js, "gzip, deflate, br");
    const gzip = await get(assets.urls.js, "gzip");

    expect(br.headers["content-encoding"]).to.equal("br");
    expect(gzip.headers["content-encoding"]).to.equal("gzip");
    expect(gzip.headers.vary).to.equal("Accept-Encoding");
    const read = async (body: typeof br.body) => Buffer.from(await body.arrayBuffer());
    expect(brotliDecompressSync(await read(br.body)).toString()).to.equal(plain);
    expect(gunzipSync(await read(gzip.body)).toString()).to.equal(plain);
  });

  it("answer HEAD without a body, and leave other methods to others", async () => {
    const headOnly = await get(assets.urls.css, "identity", "HEAD");
    const posted = await get(assets.urls.css, "identity", "POST");

    expect(headOnly.statusCode).to.equal(200);
    expect(await headOnly.body.text()).to.equal("");
    expect(posted.statusCode).to.equal(418);
    await posted.body.dump();
  });

  it("never serve what was not built", async () => {
    const paths = ["/assets/manifest.json", "/assets/../package.json", "/assets/%2e%2e%2fx"];
    for (const path of [...paths, "/assets/", "/assets/civic/999999999.css"]) {
      const { statusCode, body } = await get(path);
      await body.dump();
      expect(statusCode, path).to.be.oneOf([404, 418]);
    }
  });

  it("give each instance its colours, for ever under the present address only", async () => {
    const present = await get(civicStylesheetPath("100"));
    const stale = await get("/assets/civic/100.00000000.css");

    expect(await present.body.text()).to.include("--civic:");
    expect(present.headers["cache-control"]).to.include("immutable");
    expect(await stale.body.text()).to.include("--civic:");
    expect(stale.headers["cache-control"]).to.equal("public, max-age=60");
  });

  it("serve the icon of the site", async () => {
    const { statusCode, headers, body } = await get("/favicon.svg");
    await body.dump();

    expect([statusCode, headers["content-type"]]).to.deep.equal([200, "image/svg+xml"]);
  });

  it("stay light, and name no other host", () => {
    const manifest = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as {
      [name: string]: string;
    };
    for (const name of ["main.css", "main.js"]) {
      const file = join(dir, manifest[name] ?? "");
      expect(statSync(file).size, name).to.be.below(name === "main.css" ? 30_000 : 10_000);
      expect(readFileSync(file, "utf8")).not.to.match(/https?:\/\//);
    }
  });
});
