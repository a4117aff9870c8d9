import type { Ctx } from "../../kit/index.js";
import { actorUri, city } from "../addresses.js";
import { isActorBlocked } from "../policy/policy.js";
import { activitiesCollection, remoteActorsCollection, type Activity } from "../records.js";
import { nobody, wasTold, type Draft, type Send } from "./send.js";

/** Rules that change while they are told are told again, so often at most. */
const mostTurns = 5;

/**
 * Tell the server of a single actor that the city blocks them, or does so no more: a Block by the
 * city's own actor, and its Undo (ActivityPub, sections 6.9 and 6.10). The rule is read as it is then,
 * and once more after it was told, so that of two changes the later one is what their server holds. An
 * actor that is not known here holds nothing of ours, and is told nothing.
 */
export async function tellBlock(send: Send, ctx: Ctx, who: string): Promise<void> {
  const known = await ctx.collection(remoteActorsCollection).findOne({ uri: who });
  if (known === null) return;
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const isBlocked = await isActorBlocked(ctx, who);
    const last = await lastBlock(ctx, who);
    const stands = last !== null && !(await wasTold(ctx, undoKey(last)));
    if (isBlocked === stands) return;
    const { inbox } = known;
    await send(ctx, stands ? undoOf(ctx, last, inbox) : blockOf(who, inbox, last));
  }
}

/** The Block that was last told, undone or not. */
async function lastBlock(ctx: Ctx, who: string): Promise<Activity | null> {
  const [block] = await ctx
    .collection(activitiesCollection)
    .find({ objectUri: who, type: "Block" }, { sort: { _id: -1 }, limit: 1 })
    .toArray();
  return block ?? null;
}

function undoKey({ _id }: Pick<Activity, "_id">): string {
  return `unblock/${_id}`;
}

/** Each turn has its own Block. */
function blockOf(who: string, inbox: string, last: Activity | null): Draft {
  return {
    ...{ key: `block/${last?._id ?? "first"}/${who}`, actor: city, type: "Block" },
    ...{ object: who, objectUri: who, to: [who], listed: false },
    audience: { ...nobody, inboxes: [inbox] },
  };
}

function undoOf(ctx: Ctx, block: Activity, inbox: string): Draft {
  const { uri, objectUri: who } = block;
  return {
    ...{ key: undoKey(block), actor: city, type: "Undo", objectUri: uri, to: [who] },
    object: { id: uri, type: "Block", actor: actorUri(ctx.instance, city), object: who },
    ...{ listed: false, audience: { ...nobody, inboxes: [inbox] } },
  };
}
