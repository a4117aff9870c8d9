import { expect } from "chai";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { createKeptActivities } from "../../src/federation/delivery/kept-activities.js";
import { nobody } from "../../src/federation/outbound/send.js";
import { createOrder } from "../../src/federation/delivery/order.js";
import { createWellPeers } from "../../src/federation/delivery/well-peers.js";
import {
  activitiesCollection,
  peersCollection,
  type Activity,
} from "../../src/federation/records.js";
import { verifyBytes } from "../../src/federation/signatures/algorithms.js";
import { signCavage, signCavageAside } from "../../src/federation/signatures/cavage.js";
import { signRfc9421, signRfc9421Aside } from "../../src/federation/signatures/rfc9421.js";
import { createDigest, digestOf } from "../../src/federation/signatures/digest.js";
import { createTurns } from "../../src/federation/turns.js";
import { generateRsaPair } from "../../src/federation/signatures/generate.js";
import { countingCalls } from "./support/counting.js";
import type { Ctx } from "../../src/kit/index.js";
import { aGate } from "../drivers/queue.conformance.js";
import { aTown, closeTowns } from "./support/town.js";

describe("what a delivery to many servers saves", () => {
  afterEach(closeTowns);

  it("reads an activity once for its inboxes, and again once it got a new proof", async () => {
    const { visitor: ctx } = await aTown();
    const rows = ctx.collection(activitiesCollection);
    const activity: Activity = {
      ...{ _id: "a1", key: "k1", uri: ctx.instance.url("/activities/a1"), type: "Create" },
      ...{ actorUri: ctx.instance.url("/actor"), objectUri: "", listed: false, body: "before" },
      ...{ audience: nobody, at: ctx.clock.now(), fannedOutAt: null, expiresAt: null },
    };
    await rows.insertOne(activity);
    const activities = createKeptActivities();

    const before = await activities.read(ctx, "a1");
    await rows.updateOne({ _id: "a1" }, { $set: { body: "after" } });
    const meanwhile = await activities.read(ctx, "a1");
    activities.forget(ctx, "a1");
    const after = await activities.read(ctx, "a1");

    expect(before?.body).to.equal("before");
    expect(meanwhile).to.equal(before);
    expect(after?.body).to.equal("after");
  });

  it("never gives one instance what another one sends", async () => {
    const [one, other] = [await aTown(), await aTown()];
    const rows = one.visitor.collection(activitiesCollection);
    await rows.insertOne({
      ...{ _id: "a1", key: "k1", uri: "https://one.example/a1", type: "Create", objectUri: "" },
      ...{ actorUri: "https://one.example/actor", listed: false, body: "{}", audience: nobody },
      ...{ at: one.clock.now(), fannedOutAt: null, expiresAt: null },
    });
    const activities = createKeptActivities();
    await activities.read(one.visitor, "a1");

    expect(await activities.read(other.visitor, "a1")).to.equal(null);
  });

  it("looks once for many inboxes whether it is moot, and never goes by that once a newer one has looked", async () => {
    const { visitor: ctx } = await aTown();
    const told = (_id: string, type: string): Activity => ({
      ...{ _id, key: _id, uri: ctx.instance.url(`/activities/${_id}`), type, listed: false },
      ...{ actorUri: ctx.instance.url("/actor"), objectUri: "https://one.example/1", body: "{}" },
      ...{ audience: nobody, at: ctx.clock.now(), fannedOutAt: ctx.clock.now(), expiresAt: null },
    });
    const [created, deleted] = [told("a1", "Create"), told("a2", "Delete")];
    const rows = ctx.collection(activitiesCollection);
    await rows.insertOne(created);
    const since = performance.now();
    let stands = true;
    const order = createOrder(() => (stands ? since : performance.now()));
    const count = { calls: 0 };
    const counted = countingCalls(ctx, count);

    const moot = await Promise.all(
      Array.from({ length: 50 }, () => order.wasSuperseded(counted, created)),
    );
    await rows.insertOne(deleted);
    stands = false;
    await order.assertTurn(ctx, deleted, "https://two.example/inbox");

    expect(moot).to.deep.equal(Array.from({ length: 50 }, () => false));
    expect(count.calls).to.equal(1);
    expect(await order.wasSuperseded(ctx, created)).to.equal(true);
  });

  it("digests what goes to many inboxes once, and each text for itself", () => {
    const digest = createDigest();

    const texts = ["{}", "é", "", "{}", "x".repeat(3_000_000)];

    expect(texts.map((text) => digest(text))).to.deep.equal(texts.map((text) => digestOf(text)));
    expect(digest(Buffer.from("{}"))).to.equal(digestOf("{}"));
  });

  it("asks how a server does that did well seconds ago once, and the others each time", async () => {
    const { visitor: ctx } = await aTown();
    const rows = ctx.collection(peersCollection);
    const row = {
      speaks: "cavage",
      failures: 0,
      refusals: 0,
      openUntil: null,
      lastFailedAt: null,
    } as const;
    const now = ctx.clock.now();
    const told = { ...row, lastError: null, lastDeliveredAt: now, forgetAt: now };
    await rows.insertMany([
      { ...told, _id: "p1", host: "well.example" },
      { ...told, _id: "p2", host: "ill.example", failures: 1 },
    ]);
    const peers = createWellPeers();
    const failuresOf = async (host: string) => (await peers.of(ctx, host))?.failures;
    const before = [await failuresOf("well.example"), await failuresOf("ill.example")];
    await rows.updateMany({}, { $inc: { failures: 1 } });

    const meanwhile = [await failuresOf("well.example"), await failuresOf("ill.example")];
    peers.forget(ctx, "well.example");

    expect(before).to.deep.equal([0, 1]);
    expect(meanwhile).to.deep.equal([0, 2]);
    expect(await failuresOf("well.example")).to.equal(1);
    expect(await peers.of(ctx, "unknown.example")).to.equal(null);
  });

  it("tells nobody how a server did before they asked, and keeps no look that was forgotten meanwhile", async () => {
    const { visitor: ctx } = await aTown();
    const rows = ctx.collection(peersCollection);
    const now = ctx.clock.now();
    const row = { speaks: "cavage", refusals: 0, openUntil: null, lastFailedAt: null } as const;
    const told = { ...row, lastError: null, lastDeliveredAt: now, forgetAt: now };
    await rows.insertOne({ ...told, _id: "p1", host: "well.example", failures: 0 });
    const peers = createWellPeers();
    const gate = aGate();
    const slow: Ctx = {
      ...ctx,
      collection: (def) =>
        new Proxy(ctx.collection(def), {
          get: (target, property) =>
            property === "find"
              ? (...given: Parameters<typeof target.find>) => {
                  const found = target.find(...given).toArray();
                  return { toArray: () => gate.opened.then(() => found) };
                }
              : (Reflect.get(target, property) as unknown),
        }),
    };

    const first = peers.of(slow, "well.example");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await rows.updateOne({ host: "well.example" }, { $set: { failures: 3 } });
    peers.forget(ctx, "well.example");
    const second = peers.of(ctx, "well.example");
    gate.open();

    expect([(await first)?.failures, (await second)?.failures]).to.deep.equal([0, 3]);
    expect((await peers.of(ctx, "well.example"))?.failures).to.equal(3);
  });

  it("asks how many servers do in one look-up, however many deliveries begin at once", async () => {
    const { visitor: ctx } = await aTown();
    const rows = ctx.collection(peersCollection);
    const hosts = Array.from({ length: 64 }, (_, at) => `s${at}.example`);
    const well = { speaks: "cavage", failures: 0, refusals: 0, openUntil: null } as const;
    const now = ctx.clock.now();
    const told = { ...well, lastFailedAt: null, lastError: null, lastDeliveredAt: now };
    await rows.insertMany(
      hosts.map((host, at) => ({ ...told, _id: `p${at}`, host, forgetAt: now })),
    );
    const peers = createWellPeers();
    const count = { calls: 0 };
    const counted = countingCalls(ctx, count);

    const found = await Promise.all(
      [...hosts, "unknown.example"].map((host) => peers.of(counted, host)),
    );

    expect(found.map((peer) => peer?.host)).to.deep.equal([...hosts, undefined]);
    expect(count.calls).to.equal(1);
  });

  it("signs on another thread what it would have signed here", async () => {
    const pair = await generateRsaPair();
    const signer = {
      keyId: "https://x.example/#k",
      privateKey: createPrivateKey(pair.privateKeyPem),
    };
    const date = new Date("2026-03-01T10:00:00Z");
    const request = { method: "POST", url: "https://y.example/inbox", body: "{}", date };

    const aside = await signCavageAside(request, signer);
    const newer = await signRfc9421Aside(request, signer);

    expect(aside).to.deep.equal(signCavage(request, signer));
    expect(newer).to.deep.equal(signRfc9421(request, signer));
    const signature = /signature="([^"]+)"$/.exec(aside["signature"] ?? "")?.[1] ?? "";
    const wrong = verifyBytes(
      "other",
      Buffer.from(signature, "base64"),
      createPublicKey(pair.publicKeyPem),
    );
    expect(wrong).to.equal(false);
  });

  it("shares out the threads that sign, and gives on the place of a signature that failed", async () => {
    const turns = createTurns(2);
    let running = 0;
    let most = 0;
    const work = async (at: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      if (at === 0) throw new Error("no signature");
      return at;
    };

    const ends = await Promise.allSettled([0, 1, 2, 3, 4].map((at) => turns(() => work(at))));

    expect(most).to.equal(2);
    expect(ends.map(({ status }) => status)).to.deep.equal([
      "rejected",
      ...Array.from({ length: 4 }, () => "fulfilled"),
    ]);
  });
});
