import { publishProposal } from "../../../src/features/proposals/publishing.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import type { Topic } from "../../../src/features/topics/topic.js";
import type { Ctx, Member } from "../../../src/kit/index.js";
import { aDraft, aTopic } from "../../support/builders.js";
import { aClock } from "../../support/city.js";
import { aTown, type Town } from "../support/town.js";
import { aFedifyPeer, type FedifyOptions, type FedifyPeer } from "./fedify.js";

/** A town and a server made with Fedify, with a proposal to talk about. */
export interface FedifyScene {
  readonly town: Town;
  readonly peer: FedifyPeer;
  readonly author: Ctx & { readonly member: Member };
  readonly topic: Topic;
  readonly proposal: Proposal & { readonly number: number };
  /** The actors that can be followed: city, topic, proposal. */
  readonly actors: { readonly city: string; readonly topic: string; readonly proposal: string };
  /** An address at the peer that was not used before. */
  fresh(kind: string): string;
  /** Let the town do what it has to; with a time, what becomes due in it, too. */
  settle(ms?: number): Promise<void>;
  close(): Promise<void>;
}

/** Set it up. The town's clock begins now, since the peer looks at the real one. */
export async function aFedifyScene(options: FedifyOptions): Promise<FedifyScene> {
  const [town, peer] = await Promise.all([
    aTown({ clock: aClock(new Date()) }),
    aFedifyPeer(options),
  ]);
  const author = await town.newcomer("Camille");
  const topic = await aTopic(town.visitor);
  const place = { name: "École Jean-Moulin", latitude: 45.2, longitude: 4.1 };
  const proposal = await publishProposal(author, aDraft({ topicId: topic._id, place }));
  await town.settle();
  let serial = 0;
  return {
    ...{ town, peer, author, topic },
    proposal: { ...proposal, number: proposal.number ?? 0 },
    actors: {
      city: `${town.origin}/actor`,
      topic: `${town.origin}/topics/${topic.slug}`,
      proposal: `${proposal.uri}/actor`,
    },
    fresh(kind) {
      serial += 1;
      return `${peer.origin}/${kind}/${serial}`;
    },
    async settle(ms = 0) {
      await town.settle();
      if (ms === 0) return;
      town.clock.advance(ms);
      await town.settle();
    },
    async close() {
      await peer.close();
      await town.close();
    },
  };
}

/** Have somebody at the peer follow an actor of the town; the address of the Follow. */
export async function followAs(
  { peer, fresh, settle }: FedifyScene,
  name: string,
  actor: string,
): Promise<string> {
  const id = fresh("follows");
  await peer.send(name, actor, { kind: "Follow", id, object: actor });
  await settle();
  return id;
}
