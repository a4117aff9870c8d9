import { createPrivateKey, type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../drivers/clock.js";
import { insertOnce, type Ctx } from "../kit/index.js";
import type { JsonObject } from "./remote-document.js";
import { keysCollection, type ActorKey } from "./records.js";
import type { Signer } from "./signatures/cavage.js";
import { generateEd25519Pair, generateRsaPair, type RsaPair } from "./signatures/generate.js";
import { mainKeyId, proofKeyId } from "./signatures/key-ids.js";
import { withProof } from "./signatures/proof.js";
import { createTurns } from "./turns.js";
import type { PublicKeys } from "./translate/actor.js";

/**
 * The key vault: the only code that reads or writes private keys (requirement 18). What leaves it is
 * public keys, a document with its proof, or a `KeyObject` that can sign and is never turned into
 * text. An actor's two pairs are made together, on first need.
 */
export interface Vault {
  /** The public keys of a local actor. */
  publicKeys(ctx: Ctx, actorUri: string): Promise<PublicKeys>;
  /** Signs requests as a local actor. */
  signer(ctx: Ctx, actorUri: string): Promise<Signer>;
  /**
   * The same, for deliveries. While its keys are exchanged there are two, the former first: whoever
   * has not heard of the new one yet still knows that.
   */
  signers(ctx: Ctx, actorUri: string): Promise<readonly [Signer, ...Signer[]]>;
  /** The document with a local actor's integrity proof (FEP-8b32). */
  attest(ctx: Ctx, actorUri: string, document: JsonObject): Promise<JsonObject>;
  /** The key id that `attest` names now. */
  proofMethod(ctx: Ctx, actorUri: string): Promise<string>;
  /**
   * Make new pairs in the place of those of generation `from`, in one write; the former RSA key is
   * kept to announce them by. Done twice, it is done once.
   * @returns whether the keys are now those that followed `from`
   */
  exchange(ctx: Ctx, actorUri: string, from: number): Promise<boolean>;
  /** Destroy the former key of the keys of `generation`. */
  destroyFormer(ctx: Ctx, actorUri: string, generation: number): Promise<void>;
}

interface Held {
  readonly publicKeys: PublicKeys;
  readonly signer: Signer;
  readonly former: Signer | null;
  readonly proofKey: KeyObject;
}

/** Another process may exchange keys: what is held is read again after this time. */
const heldMs = 60_000;

/** Makes a key pair. */
export type MakePair = () => Promise<RsaPair>;

/** At most this many pairs are made at once; each takes a thread of the pool for a while. */
const mostAtOnce = 2;

/** Open the vault. Keys in use are kept as `KeyObject`s, bounded in number. */
export function createVault(clock: Clock, makePair: MakePair = generateRsaPair): Vault {
  const held = new LRUCache<string, Held>({ max: 2_000, ttl: heldMs });
  const underWay = new Map<string, Promise<Held>>();
  const turns = createTurns(mostAtOnce);

  async function find(ctx: Ctx, uri: string): Promise<Held> {
    const rows = ctx.collection(keysCollection);
    const known = await rows.findOne({ _id: uri });
    if (known?.proof !== undefined) return open(uri, known, known.proof);
    const proof = await generateEd25519Pair();
    if (known === null) {
      const pair = await turns(makePair);
      await insertOnce(() => rows.insertOne({ _id: uri, ...pair, proof, createdAt: clock.now() }));
    }
    // An actor of before has no second pair; of two processes that make one, the first is kept.
    await rows.updateOne({ _id: uri, proof: { $exists: false } }, { $set: { proof } });
    const kept = await rows.findOne({ _id: uri });
    if (kept?.proof === undefined) throw new Error("a key pair was not kept");
    return open(uri, kept, kept.proof);
  }

  function get(ctx: Ctx, uri: string): Promise<Held> {
    const ready = held.get(uri);
    if (ready !== undefined) return Promise.resolve(ready);
    const running = underWay.get(uri);
    if (running !== undefined) return running;
    const work = find(ctx, uri)
      .then((found) => {
        if (underWay.get(uri) === work) held.set(uri, found);
        return found;
      })
      .finally(() => {
        if (underWay.get(uri) === work) underWay.delete(uri);
      });
    underWay.set(uri, work);
    return work;
  }

  /** What was read before a change is neither kept nor handed out after it. */
  function letGo(uri: string): void {
    held.delete(uri);
    underWay.delete(uri);
  }

  async function exchange(ctx: Ctx, uri: string, from: number): Promise<boolean> {
    // What is held may be from before an exchange by another process.
    letGo(uri);
    await get(ctx, uri);
    const rows = ctx.collection(keysCollection);
    const row = await rows.findOne({ _id: uri });
    if (row === null) throw new Error("the keys to exchange are gone");
    const { generation = 1 } = row;
    if (generation !== from) return generation === from + 1;
    const fresh = { ...(await turns(makePair)), proof: await generateEd25519Pair() };
    const former = { privateKeyPem: row.privateKeyPem, generation: from };
    await rows.updateOne(
      { _id: uri, publicKeyPem: row.publicKeyPem },
      { $set: { ...fresh, former, generation: from + 1, createdAt: clock.now() } },
    );
    letGo(uri);
    return (await get(ctx, uri)).publicKeys.generation === from + 1;
  }

  return {
    publicKeys: async (ctx, uri) => (await get(ctx, uri)).publicKeys,
    signer: async (ctx, uri) => (await get(ctx, uri)).signer,
    async signers(ctx, uri) {
      const { former, signer } = await get(ctx, uri);
      return former === null ? [signer] : [former, signer];
    },
    exchange,
    async destroyFormer(ctx, uri, generation) {
      await ctx
        .collection(keysCollection)
        .updateOne({ _id: uri, generation }, { $unset: { former: "" } });
      letGo(uri);
    },
    proofMethod: async (ctx, uri) => proofKeyId(uri, (await get(ctx, uri)).publicKeys.generation),
    async attest(ctx, uri, document) {
      const { proofKey: privateKey, publicKeys } = await get(ctx, uri);
      const verificationMethod = proofKeyId(uri, publicKeys.generation);
      return withProof(document, { verificationMethod, privateKey, created: clock.now() });
    },
  };
}

function open(uri: string, pair: ActorKey, proof: NonNullable<ActorKey["proof"]>): Held {
  const { publicKeyPem, generation = 1, former } = pair;
  const { publicKeyMultibase } = proof;
  const signerOf = (privateKeyPem: string, number: number): Signer => ({
    keyId: mainKeyId(uri, number),
    privateKey: createPrivateKey(privateKeyPem),
  });
  return {
    publicKeys: { publicKeyPem, publicKeyMultibase, generation },
    signer: signerOf(pair.privateKeyPem, generation),
    former: former === undefined ? null : signerOf(former.privateKeyPem, former.generation),
    proofKey: createPrivateKey(proof.privateKeyPem),
  };
}
