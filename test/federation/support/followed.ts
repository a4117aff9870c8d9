import { expect } from "chai";
import type { Peer, PeerActor } from "./peer.js";
import type { Town } from "./town.js";

/** Have actors of a peer follow the town's city. */
export async function followed(town: Town, peer: Peer, ...names: string[]): Promise<PeerActor[]> {
  const actors: PeerActor[] = [];
  for (const name of names) {
    const actor = await peer.actor(name);
    actors.push(actor);
    const follow = peer.activity(actor, "Follow", `${town.origin}/actor`);
    expect((await peer.post(town, actor, follow)).status).to.equal(202);
  }
  await town.settle();
  return actors;
}
