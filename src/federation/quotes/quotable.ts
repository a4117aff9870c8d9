import type { Ctx } from "../../kit/index.js";
import { ourNote, type OurNote } from "../inbound/ours.js";

/**
 * The public Note of ours at an address, as long as it may be quoted: what was withdrawn may not,
 * since its author no longer stands by it; null for everything else.
 */
export async function quotableNote(ctx: Ctx, uri: string): Promise<OurNote | null> {
  const note = await ourNote(ctx, uri);
  return note?.proposal?.status === "withdrawn" ? null : note;
}
