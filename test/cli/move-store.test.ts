import { join } from "node:path";
import { expect } from "chai";
import {
  deploymentId,
  keepDeploymentId,
  knownDeploymentId,
  moveDeploymentId,
} from "../../src/drivers/store/deployment-id.js";
import { openAlone, openStore, whileLeaving } from "../../src/drivers/store/open.js";
import { collectGarbage } from "../support/garbage.js";
import { beginCopy } from "../../src/drivers/store/unfinished.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { rejection } from "../drivers/store.conformance-support.js";
import { openDesk, type Desk } from "./support.js";

describe("parvis move-store, of a deployment whose jobs are in Redis", function () {
  this.timeout(20_000);
  needs("mongodb");
  let desk: Desk;
  let url: string;
  let place: string;
  beforeEach(async () => {
    desk = openDesk();
    [url, place] = [await aMongoDatabase(), join(desk.dataDir, "moved.db")];
  });
  afterEach(async () => {
    await closeMongoStores();
    desk.remove();
  });

  const idOf = async (where: string): Promise<string | null> => {
    const store = await openStore(where);
    const id = await knownDeploymentId(store);
    await store.close();
    return id;
  };
  const aNote = async (where: string): Promise<void> => {
    const store = await openStore(where);
    await store.collection("notes").insertOne({ _id: "1" });
    await store.close();
  };
  const anId = async (): Promise<string> => {
    const store = await openStore(url);
    const id = await deploymentId(store, url);
    await store.close();
    return id;
  };
  /** A move whose last step has begun: the target is the deployment already. */
  const lastStep = async (end: "fails" | "is killed"): Promise<void> => {
    const source = await openAlone(url, { what: "move-store" });
    const target = await openStore(place);
    try {
      await new Promise<void>((resolve, reject) => {
        const moved = whileLeaving(source, place, async () => {
          await moveDeploymentId(source.store, target, place);
          if (end === "fails") throw new Error("MongoDB is away");
          resolve();
          // What a killed process would have done from here on is never done.
          return new Promise<never>(() => undefined);
        });
        moved.catch(reject);
      });
    } finally {
      await target.close();
      await source.close();
    }
  };

  it("leaves a town its waiting letters when it is killed at its last step and taken back", async () => {
    const id = await anId();
    await lastStep("is killed");
    const meanwhile = await idOf(url);

    const { code, err } = await desk.run(["move-store", "--from", url, "--take-back"]);

    expect([code, err]).to.deep.equal([0, ""]);
    expect(meanwhile).to.equal(null);
    expect(await anId()).to.equal(id);
  });

  it("does so after it was killed there twice", async () => {
    const id = await anId();
    await lastStep("is killed");
    await lastStep("is killed");

    await desk.run(["move-store", "--from", url, "--take-back"]);

    expect(await anId()).to.equal(id);
  });

  it("does so when it fails at its last step", async () => {
    const id = await anId();

    const failed = await rejection(lastStep("fails"));

    expect(failed.message).to.equal("MongoDB is away");
    expect(await anId()).to.equal(id);
  });

  it("takes the letters along when it is run again after it was killed there", async () => {
    await aNote(url);
    const id = await anId();
    await lastStep("is killed");
    await collectGarbage();

    const { code, err } = await desk.run(["move-store", "--from", url, "--to", place]);

    expect([code, err]).to.deep.equal([0, ""]);
    expect(await idOf(place)).to.equal(id);
    expect(await idOf(url)).to.equal(null);
  });

  /** What a killed move left at `where`. */
  const halfAMove = async (where: string): Promise<void> => {
    const store = await openStore(where);
    await beginCopy(store, { by: "move-store", from: "mongodb://elsewhere/town" });
    await keepDeploymentId(store, where, "00000000000000aa");
    await store.close();
  };

  for (const [kind, where] of [
    ["a file", () => join(desk.dataDir, "parvis.db")],
    ["MongoDB", () => url],
  ] as const) {
    it(`does not let a town in ${kind} that is restored over half a move take the letters of the one that stayed`, async () => {
      const other = openDesk();
      const file = join(other.dataDir, "town.backup");
      await aNote(join(other.dataDir, "parvis.db"));
      await collectGarbage();
      const saved = await other.run(["backup", "--to", file]);
      await halfAMove(where());
      await collectGarbage();

      const env = kind === "MongoDB" ? { MONGODB_URL: url } : {};
      const restored = await desk.run(["restore", "--from", file, "--force"], { env });
      other.remove();

      for (const { code, err } of [saved, restored]) expect([code, err]).to.deep.equal([0, ""]);
      expect(await idOf(where())).to.equal(null);
    });
  }
});
