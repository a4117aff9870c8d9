import { createPrivateKey } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../drivers/clock.js";
import { insertOnce, type Ctx } from "../kit/index.js";
import { keysCollection } from "./records.js";
import type { Signer } from "./signatures/cavage.js";
import { generateRsaPair, type RsaPair } from "./signatures/generate.js";

/**
 * The key vault: the only code that reads or writes private keys (requirement 18). What leaves it is
 * a public key, or a `KeyObject` that can sign and is never turned into text.
 */
export interface Vault {
  /** The public key of a local actor; the pair is made when there is none yet. */
  publicKeyPem(ctx: Ctx, actorUri: string): Promise<string>;
  /** Signs as a local actor; the pair is made when there is none yet. */
  signer(ctx: Ctx, actorUri: string): Promise<Signer>;
}

interface Held {
  readonly publicKeyPem: string;
  readonly signer: Signer;
}

/** Makes a key pair. */
export type MakePair = () => Promise<RsaPair>;

/** At most this many pairs are made at once; each takes a thread of the pool for a while. */
const mostAtOnce = 2;

/** Open the vault. Keys in use are kept as `KeyObject`s, bounded in number. */
export function createVault(clock: Clock, makePair: MakePair = generateRsaPair): Vault {
  const held = new LRUCache<string, Held>({ max: 2_000 });
  const underWay = new Map<string, Promise<Held>>();
  const turns = createTurns(mostAtOnce);

  async function find(ctx: Ctx, uri: string): Promise<Held> {
    const rows = ctx.collection(keysCollection);
    const known = await rows.findOne({ _id: uri });
    if (known !== null) return open(uri, known);
    const pair = await turns(makePair);
    await insertOnce(() => rows.insertOne({ _id: uri, ...pair, createdAt: clock.now() }));
    const kept = await rows.findOne({ _id: uri });
    if (kept === null) throw new Error("a key pair was not kept");
    return open(uri, kept);
  }

  function get(ctx: Ctx, uri: string): Promise<Held> {
    const ready = held.get(uri);
    if (ready !== undefined) return Promise.resolve(ready);
    const running = underWay.get(uri);
    if (running !== undefined) return running;
    const work = find(ctx, uri)
      .then((found) => {
        held.set(uri, found);
        return found;
      })
      .finally(() => underWay.delete(uri));
    underWay.set(uri, work);
    return work;
  }

  return {
    publicKeyPem: async (ctx, uri) => (await get(ctx, uri)).publicKeyPem,
    signer: async (ctx, uri) => (await get(ctx, uri)).signer,
  };
}

function open(uri: string, pair: { publicKeyPem: string; privateKeyPem: string }): Held {
  const privateKey = createPrivateKey(pair.privateKeyPem);
  return { publicKeyPem: pair.publicKeyPem, signer: { keyId: `${uri}#main-key`, privateKey } };
}

/** Runs at most `limit` pieces of work at once, the others in turn. */
function createTurns(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: Array<() => void> = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
