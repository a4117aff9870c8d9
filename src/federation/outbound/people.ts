import { personById } from "../../features/people/people.js";
import { proposalById } from "../../features/proposals/proposals.js";
import type { Ctx } from "../../kit/index.js";
import type { LocalActor } from "../addresses.js";
import { isOnNetwork } from "../documents/on-network.js";
import { activitiesCollection } from "../records.js";
import { homeInbox } from "../remote-actors.js";
import type { Services } from "../services.js";
import { nobody, type Send } from "./send.js";

/** Who backs which proposal. */
export interface Backing {
  readonly proposalId: string;
  readonly personId: string;
}

/** What is needed to tell another instance of a citizen's support. */
async function backingElsewhere(services: Services, ctx: Ctx, { proposalId, personId }: Backing) {
  const [proposal, person] = await Promise.all([
    proposalById(ctx, proposalId),
    personById(ctx, personId),
  ]);
  if (proposal === null || proposal.elsewhere === null || person?.origin !== "here") return null;
  if (!isOnNetwork(person)) return null;
  const { actorUri: owner } = proposal.elsewhere;
  const inbox = await homeInbox(services, ctx, proposal.elsewhere);
  const actor: LocalActor = { kind: "person", handle: person.handle };
  // Who left the network and came back is another actor, whose supports begin anew.
  const who = person.leftAt === undefined ? personId : person.handle;
  const name = `${proposalId}/${who}`;
  return { name, proposal, actor, owner, audience: { ...nobody, inboxes: [inbox] } };
}

/** A citizen backs a proposal of another instance: a Like by their own actor, told to its actor. */
export async function tellSupport(
  services: Services,
  send: Send,
  ctx: Ctx,
  backing: Backing,
): Promise<void> {
  const found = await backingElsewhere(services, ctx, backing);
  if (found === null) return;
  const { proposal, actor, owner, audience } = found;
  const name = await turnOf(ctx, found.name);
  await send(ctx, {
    ...{ key: `like/${name}`, actor, type: "Like" },
    ...{ object: proposal.uri, objectUri: proposal.uri, to: [owner], listed: false, audience },
  });
}

/** A citizen took their support back. */
export async function tellSupportTakenBack(
  services: Services,
  send: Send,
  ctx: Ctx,
  backing: Backing,
): Promise<void> {
  const found = await backingElsewhere(services, ctx, backing);
  if (found === null) return;
  const { proposal, actor, owner, audience } = found;
  const name = await turnOf(ctx, found.name);
  const like = await ctx.collection(activitiesCollection).findOne({ key: `like/${name}` });
  if (like === null) return;
  const object = { id: like.uri, type: "Like", actor: like.actorUri, object: proposal.uri };
  await send(ctx, {
    ...{ key: `unlike/${name}`, actor, type: "Undo", object, objectUri: like.uri },
    ...{ to: [owner], listed: false, audience },
  });
}

/** How often this support was taken back before: each turn has its own Like and its own Undo. */
async function turnOf(ctx: Ctx, name: string): Promise<string> {
  const rows = ctx.collection(activitiesCollection);
  for (let turn = 0; turn < 100; turn += 1) {
    const undone = await rows.findOne({ key: `unlike/${name}/${turn}` });
    if (undone === null) return `${name}/${turn}`;
  }
  return `${name}/100`;
}
