import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { inboxCollection } from "../../../src/federation/records.js";
import { until } from "../../drivers/queue.conformance.js";
import { aDraft } from "../../support/builders.js";
import { aPeer, type Peer, type PeerActor } from "./peer.js";
import { aTown, type Town, type TownOptions } from "./town.js";

/** A town with one proposal, and two people on another server. */
export interface Scene {
  readonly town: Town;
  readonly peer: Peer;
  readonly alice: PeerActor;
  readonly evil: PeerActor;
  readonly proposal: Proposal;
  /** Post as somebody, and let the town act on it. */
  tell(actor: PeerActor, type: string, object: unknown, change?: object): Promise<number>;
  supports(): Promise<number | undefined>;
}

/** Set it up. */
export async function aScene(options: TownOptions = {}): Promise<Scene> {
  const town = await aTown(options);
  const peer = await aPeer();
  const [alice, evil] = [await peer.actor("alice"), await peer.actor("evil")];
  const proposal = await publishProposal(await town.newcomer(), aDraft());
  await town.settle();
  return {
    ...{ town, peer, alice, evil, proposal },
    async tell(actor, type, object, change = {}) {
      const activity = peer.activity(actor, type, object, { ...change });
      const { status } = await peer.post(town, actor, activity);
      await town.settle();
      return status;
    },
    supports: async () => (await proposalById(town.visitor, proposal._id))?.counts.supports,
  };
}

/** Post an activity, and wait until it was acted on while something else is held. */
export async function actedOn(
  { town, peer }: Scene,
  actor: PeerActor,
  activity: Record<string, unknown>,
): Promise<void> {
  await peer.post(town, actor, activity);
  const activityUri = String(activity["id"]);
  await until(async () => {
    const entry = await town.visitor.collection(inboxCollection).findOne({ activityUri });
    return entry?.outcome != null;
  });
}

/** A linked city, and a proposal of it as its own actor tells it. */
export interface LinkedProposal {
  readonly hall: PeerActor;
  readonly idea: PeerActor;
  readonly note: Record<string, unknown>;
}

/** A city that our town asked and that accepted, with a proposal of its own. */
export async function aLinkedProposal({ town, peer, tell }: Scene): Promise<LinkedProposal> {
  const hall = await peer.actor("hall", { type: "Organization" });
  const link = await town.federation.linkInstance(town.visitor, hall.uri);
  await tell(hall, "Accept", { id: link.followUri, type: "Follow" });
  const idea = await peer.actor("p1", { type: "Group" });
  const civic = {
    ...{ kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>", status: "open" },
    ...{ author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
    ...{ of: "city", answeredBy: [hall.uri] },
  };
  return { hall, idea, note: peer.note(idea, { civic }) };
}
