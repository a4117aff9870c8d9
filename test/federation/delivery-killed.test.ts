import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { builtChild } from "../support/built.js";
import { embeddedOnly } from "../support/engine.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";

const source = new URL("./delivery-killed.child.ts", import.meta.url);
const steps = ["fanned-out", "claimed", "sent"];

function partsOf(object: unknown): { readonly id: string; readonly content: string } {
  const { id = "", content = "" } = object as { id?: string; content?: string };
  return { id, content };
}

describe("a city whose process is killed between two steps of a delivery", function () {
  this.timeout(120_000);
  embeddedOnly("its deaths lie at the writes of the embedded queue");
  const folder = mkdtempSync(join(tmpdir(), "parvis-delivery-"));
  let child: string;
  before(async () => void (child = await builtChild(source)));
  after(async () => {
    await closePeers();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a run told at its end; null when it was killed. */
  async function run(step: string, inboxes: string): Promise<string | null> {
    const env = { ...process.env };
    delete env["MONGODB_URL"];
    const args = [child, join(folder, "store.db"), inboxes, step];
    const started = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    started.stdout.on("data", (piece: Buffer) => (told += piece.toString()));
    const [code, signal] = (await once(started, "close")) as [number | null, string | null];
    expect([code, signal]).to.deep.equal(step === "none" ? [0, null] : [null, "SIGKILL"]);
    return told === "" ? null : told;
  }

  /** What came to an inbox about one comment, in its order. */
  const cameTo = (peer: Peer, uri: string): Array<{ type: string; content: string }> =>
    peer
      .inboxed()
      .map(({ type, object }) => ({ type: String(type), ...partsOf(object) }))
      .filter(({ id }) => id === uri);

  it("loses nothing, and tells every inbox of each thing in its order", async () => {
    const peers = [await aPeer(), await aPeer()];
    const inboxes = peers.map(({ origin }) => `${origin}/inbox`).join(",");

    for (const step of steps) expect(await run(step, inboxes), step).to.equal(null);
    const told = await run("none", inboxes);

    const comments = JSON.parse(told ?? "[]") as Array<[string, string]>;
    expect(comments.length).to.be.within(2, steps.length + 1);
    for (const [uri, html] of comments) {
      for (const peer of peers) {
        const came = cameTo(peer, uri);
        const types = came.map(({ type }) => type);
        expect(types[0], html).to.equal("Create");
        expect(types.lastIndexOf("Create"), html).to.be.below(types.indexOf("Update") + 1 || 99);
        expect(came.at(-1)?.content, html).to.contain(html);
      }
    }
  });
});
