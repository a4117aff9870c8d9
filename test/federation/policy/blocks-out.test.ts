import { expect } from "chai";
import { block, unblock } from "../../../src/federation/policy/rules.js";
import type { Severity } from "../../../src/federation/policy/records.js";
import { activitiesCollection } from "../../../src/federation/records.js";
import { between } from "../../support/faults.js";
import { hostOf } from "../support/network.js";
import { closePeers } from "../support/peer.js";
import { aScene, type Scene } from "../support/scene.js";
import { closeTowns } from "../support/town.js";

const as2 = { accept: "application/activity+json" };

async function rule({ town }: Scene, who: string, severity: Severity | null): Promise<void> {
  const { rules } = town.federation;
  if (severity === null) await unblock(rules, town.visitor, who);
  else await block(rules, town.visitor, { who, severity });
}

/** What the other server was told of blocks: each type with what it is about, and where it came. */
function told({ peer }: Scene): unknown[] {
  return peer.received
    .filter(({ method }) => method === "POST")
    .map(({ path, body }) => ({ path, ...(JSON.parse(body) as Record<string, unknown>) }))
    .filter((one: Record<string, unknown>) => ["Block", "Undo"].includes(String(one["type"])))
    .map(({ path, type, actor, object }: Record<string, unknown>) => {
      return { path, type, actor, object };
    });
}

describe("a block of one actor of elsewhere", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is told to their own inbox by the city, and undone there when it is lifted, each time once", async () => {
    const scene = await aScene();
    const { town, alice, proposal, tell } = scene;
    await tell(alice, "Follow", `${proposal.uri}/actor`);
    const actor = `${town.origin}/actor`;
    const path = new URL(`${alice.uri}/inbox`).pathname;
    for (const severity of ["blocked", "blocked", null, null, "blocked", null] as const) {
      await rule(scene, alice.uri, severity);
      await town.settle();
    }

    const blocks = await town.visitor
      .collection(activitiesCollection)
      .find({ type: "Block" }, { sort: { _id: 1 } })
      .toArray();
    const turns = blocks.map(({ uri }) => [
      { path, type: "Block", actor, object: alice.uri },
      { path, type: "Undo", actor, object: { id: uri, type: "Block", actor, object: alice.uri } },
    ]);
    expect(turns).to.have.length(2);
    expect(told(scene)).to.deep.equal(turns.flat());
  });

  it("is nobody else’s matter: no outbox lists it, and nobody reads it by its id", async () => {
    const scene = await aScene();
    const { town, alice, proposal, tell } = scene;
    await tell(alice, "Like", proposal.uri);
    await rule(scene, alice.uri, "blocked");
    await town.settle();

    const row = await town.visitor.collection(activitiesCollection).findOne({ type: "Block" });
    const read = await fetch(row?.uri ?? "", { headers: as2 });
    const outbox = await fetch(`${town.origin}/actor/outbox?page=1`, { headers: as2 });
    expect(read.status).to.equal(404);
    expect(await outbox.text())
      .not.to.contain("Block")
      .and.not.to.contain(alice.uri);
  });

  it("is told to nobody where it is of a whole server, a mere limit, or of who never came here", async () => {
    const scene = await aScene();
    const { town, peer, alice, proposal, tell } = scene;
    await tell(alice, "Like", proposal.uri);
    await rule(scene, alice.uri, "limited");
    await rule(scene, `${peer.origin}/users/nobody`, "blocked");
    await town.settle();
    await rule(scene, hostOf(peer.origin), "blocked");
    await town.settle();

    expect(told(scene)).to.deep.equal([]);
  });

  it("that is lifted while it is told ends as lifted there, too", async () => {
    const telling = between("activities", "insertOne");
    const scene = await aScene({ storeThrough: telling.through });
    const { town, alice, proposal, tell } = scene;
    await tell(alice, "Like", proposal.uri);
    telling.once(() => rule(scene, alice.uri, null));

    await rule(scene, alice.uri, "blocked");
    await town.settle();

    expect(telling.happened).to.equal(1);
    const rows = await town.visitor
      .collection(activitiesCollection)
      .find({ type: { $in: ["Block", "Undo"] } }, { sort: { _id: 1 } })
      .toArray();
    expect(rows.map(({ type }) => type)).to.deep.equal(["Block", "Undo"]);
  });
});
