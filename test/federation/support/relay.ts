import { createPrivateKey, type KeyObject } from "node:crypto";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { followingCollection } from "../../../src/federation/records.js";
import type { JsonObject } from "../../../src/federation/remote-document.js";
import { generateEd25519Pair } from "../../../src/federation/signatures/generate.js";
import { withProof } from "../../../src/federation/signatures/proof.js";
import { aDraft } from "../../support/builders.js";
import { aPeer, type Peer, type PeerActor } from "./peer.js";
import { aTown, type Town } from "./town.js";

/** Somebody elsewhere who attests what they say. */
export interface Attester extends PeerActor {
  readonly method: string;
  readonly proofKey: KeyObject;
}

/** Put one there. */
export async function anAttester(peer: Peer, name: string, type = "Person"): Promise<Attester> {
  const pair = await generateEd25519Pair();
  const { publicKeyMultibase } = pair;
  const uri = `${peer.origin}/users/${name}`;
  const id = `${uri}#proofs`;
  const listed = { id, type: "Multikey", controller: uri, publicKeyMultibase };
  const actor = await peer.actor(name, { type, assertionMethod: [listed] });
  return { ...actor, method: id, proofKey: createPrivateKey(pair.privateKeyPem) };
}

/** A city that is linked with one server and hears from it what people of another one said. */
export interface Relay {
  readonly town: Town;
  readonly home: Peer;
  readonly alice: Attester;
  readonly mallory: Attester;
  readonly proposal: Proposal;
  reply(change?: object): Record<string, unknown>;
  attested(
    activity: Record<string, unknown>,
    by?: Pick<Attester, "method" | "proofKey">,
    ageMs?: number,
  ): JsonObject;
  /** Have the linked server send it on; the status it is told. */
  forward(activity: unknown): Promise<number>;
  /** What was asked of the home of those who are forwarded. */
  asked(): string[];
}

/** Set it up. */
export async function aRelay(): Promise<Relay> {
  const town = await aTown();
  const [home, linked] = [await aPeer(), await aPeer()];
  const [alice, mallory] = [await anAttester(home, "alice"), await anAttester(home, "mallory")];
  const forwarder = await linked.actor("city", { type: "Organization" });
  const proposal = await publishProposal(await town.newcomer(), aDraft());
  await town.visitor.collection(followingCollection).insertOne({
    ...{ _id: "f", actorUri: `${town.origin}/actor`, targetUri: forwarder.uri },
    ...{ host: new URL(linked.origin).host, followUri: `${town.origin}/activities/f` },
    ...{ state: "accepted", at: town.clock.now() },
  });
  await town.settle();
  return {
    ...{ town, home, alice, mallory, proposal },
    reply: (change = {}) => home.note(alice, { inReplyTo: proposal.uri, ...change }),
    attested: (activity, by = alice, ageMs = 0) =>
      withProof(activity, {
        ...{ verificationMethod: by.method, privateKey: by.proofKey },
        created: new Date(town.clock.now().getTime() - ageMs),
      }),
    async forward(activity) {
      const { status } = await linked.post(town, forwarder, activity);
      await town.settle();
      return status;
    },
    asked: () => home.received.filter(({ method }) => method === "GET").map(({ path }) => path),
  };
}
