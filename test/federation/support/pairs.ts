import { generateRsaPair, type RsaPair } from "../../../src/federation/signatures/generate.js";

const pool: Array<Promise<RsaPair>> = [];
let turn = 0;

/** One of six key pairs, in turn, so that six in a row are different: making a new one for every actor of every test would take minutes. */
export function pooledPair(): Promise<RsaPair> {
  if (pool.length < 6) {
    const made = generateRsaPair();
    pool.push(made);
    return made;
  }
  turn += 1;
  return pool[turn % pool.length] as Promise<RsaPair>;
}
