import {
  isDuplicate,
  packCursor,
  refuseField,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Slice,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { ensurePeer } from "../delivery/peers.js";
import { canonicalHost } from "./hosts.js";
import { readSettings, usual, type Policy } from "./policy.js";
import {
  allowedCollection,
  blocksCollection,
  settingsCollection,
  type AllowedHost,
  type Block,
  type Settings,
  type Severity,
} from "./records.js";
import { everyListed, type Settle } from "./settling.js";

/** What changing the rules needs. */
export interface RuleParts {
  readonly policy: Policy;
  /** The job that brings what is stored in line with a changed rule. */
  readonly settle: Settle;
}

/** A block as somebody wishes it. */
export interface NewBlock {
  /** A host as `canonicalHost` writes it, or an actor's id. */
  readonly who: string;
  readonly severity: Severity;
  /** Left out: what was said before stays. */
  readonly publicReason?: string;
  readonly privateReason?: string;
}

/** Longer ids fit no cursor; who has one is blocked by the host. */
const longestActor = 200;
/** Items on a page of a list. */
const pageSize = 25;

/**
 * Whom somebody means: a host with its subdomains, or one actor by its id. Null for what is
 * neither, and for ourselves.
 */
export function whoMeant(ctx: Ctx, typed: string): string | null {
  const text = typed.trim();
  const isActor = /^https?:\/\/[^/]+\/./i.test(text);
  const host = canonicalHost(text);
  if (host === null || host === canonicalHost(ctx.instance.origin)) return null;
  if (!isActor) return host.includes(".") || host.includes(":") ? host : null;
  return text.length <= longestActor && hostOf(text) !== null ? text : null;
}

/** Settings as somebody wishes them; `from`: only where they stand like this, or as wished already. */
export interface NewSettings extends Settings {
  readonly from?: Settings;
}

/**
 * Change with whom an instance talks; told again, it changes nothing.
 * @throws Refusal("changed-meanwhile") when somebody has set it otherwise since: a site that was closed
 *   is not opened again by whoever still sees it open
 */
export async function changeSettings(
  { policy }: Pick<RuleParts, "policy">,
  ctx: Ctx,
  { mode, signedReads, from }: NewSettings,
): Promise<void> {
  const isSet = await setWhere(ctx, from, { mode, signedReads });
  policy.forget();
  if (isSet) return;
  const now = await readSettings(ctx);
  if (now.mode !== mode || now.signedReads !== signedReads) {
    throw refuseField("changed-meanwhile", "mode", "network.settings.errors.meanwhile");
  }
}

/** False when they do not stand like `from`; without a row they stand as usual. */
async function setWhere(ctx: Ctx, from: Settings | undefined, wished: Settings): Promise<boolean> {
  const isUsual = from?.mode === usual.mode && from.signedReads === usual.signedReads;
  try {
    const { matchedCount, upsertedCount } = await ctx
      .collection(settingsCollection)
      .updateOne(
        { _id: ctx.instance._id, ...from },
        { $set: { ...wished, changedAt: ctx.clock.now() } },
        { upsert: from === undefined || isUsual },
      );
    return matchedCount + upsertedCount > 0;
  } catch (error) {
    // There is a row, and it stands otherwise.
    if (from === undefined || !isDuplicate(error)) throw error;
    return false;
  }
}

/** Block or limit a server with its subdomains, or an actor; what was said of it before is replaced. */
export async function block(parts: RuleParts, ctx: Ctx, wish: NewBlock): Promise<void> {
  await keep(ctx, wish);
  await follow(parts, ctx, wish.who);
}

/** Blocks of a list that are stored at once: one after the other, a long list outlasts its request. */
const keptTogether = 50;

/** The same for a whole list: what is stored is gone through once for all of it, also after a crash. */
export async function blockAll(
  parts: RuleParts,
  ctx: Ctx,
  wishes: readonly NewBlock[],
): Promise<void> {
  for (let at = 0; at < wishes.length; at += keptTogether) {
    await Promise.all(wishes.slice(at, at + keptTogether).map((wish) => keep(ctx, wish)));
  }
  await follow(parts, ctx, everyListed);
}

async function keep(ctx: Ctx, { who, ...rest }: NewBlock): Promise<void> {
  if (!who.includes("/")) await ensurePeer(ctx, who);
  await ctx.collection(blocksCollection).updateOne(
    { who },
    {
      $set: rest,
      $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now(), ...unsaid(rest) },
    },
    { upsert: true },
  );
}

/** Reasons that were not given, for a row that is new. */
function unsaid(given: Omit<NewBlock, "who">): Partial<Block> {
  return {
    ...(given.publicReason === undefined ? { publicReason: "" } : {}),
    ...(given.privateReason === undefined ? { privateReason: "" } : {}),
  };
}

/** Lift what `block` did. The supports of who was blocked count again. */
export async function unblock(parts: RuleParts, ctx: Ctx, who: string): Promise<void> {
  await ctx.collection(blocksCollection).deleteOne({ who });
  await follow(parts, ctx, who);
}

async function follow({ policy, settle }: RuleParts, ctx: Ctx, who: string): Promise<void> {
  policy.forget();
  await ctx.enqueue(settle, { who, run: ctx.ids.next(), after: "" });
}

/** Put a host with its subdomains on the list of those that an instance with a list talks with. */
export async function allow(
  { policy }: Pick<RuleParts, "policy">,
  ctx: Ctx,
  host: string,
): Promise<void> {
  await ctx
    .collection(allowedCollection)
    .updateOne(
      { host },
      { $setOnInsert: { _id: ctx.ids.next(), at: ctx.clock.now() } },
      { upsert: true },
    );
  policy.forget();
}

/** Take a host off that list. */
export async function disallow(
  { policy }: Pick<RuleParts, "policy">,
  ctx: Ctx,
  host: string,
): Promise<void> {
  await ctx.collection(allowedCollection).deleteOne({ host });
  policy.forget();
}

/** Who is blocked or limited, by name. @throws Refusal("not-found") for a cursor that is none. */
export async function listBlocks(ctx: Ctx, after: string | null): Promise<Slice<Block>> {
  const from = after === null ? "" : String(unpackCursor(after, 1)[0]);
  const found = await ctx
    .collection(blocksCollection)
    .find({ who: { $gt: from } }, { sort: { who: 1 }, limit: pageSize + 1 })
    .toArray();
  return sliceOf(found, pageSize, ({ who }) => packCursor([who]));
}

/** Every host or actor that is blocked or limited, a page at a time. */
export async function* allBlocks(ctx: Ctx): AsyncGenerator<Block> {
  let from = "";
  for (;;) {
    const found = await ctx
      .collection(blocksCollection)
      .find({ who: { $gt: from } }, { sort: { who: 1 }, limit: 500 })
      .toArray();
    yield* found;
    const last = found.at(-1);
    if (last === undefined || found.length < 500) return;
    from = last.who;
  }
}

/** Which hosts are allowed, by name. @throws Refusal("not-found") for a cursor that is none. */
export async function listAllowed(ctx: Ctx, after: string | null): Promise<Slice<AllowedHost>> {
  const from = after === null ? "" : String(unpackCursor(after, 1)[0]);
  const found = await ctx
    .collection(allowedCollection)
    .find({ host: { $gt: from } }, { sort: { host: 1 }, limit: pageSize + 1 })
    .toArray();
  return sliceOf(found, pageSize, ({ host }) => packCursor([host]));
}
