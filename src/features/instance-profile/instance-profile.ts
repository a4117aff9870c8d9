import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isMediaUnavailable, mediaFileOf } from "../../drivers/media.js";
import { makePicture, type Picture, type PictureSize } from "../../drivers/picture.js";
import {
  defineEvent,
  defineJob,
  hasRole,
  Postpone,
  profileOf,
  Refusal,
  refuseField,
  type Ctx,
  type InstanceProfile,
  type UploadedFile,
} from "../../kit/index.js";
import { bannerSize, logoSize } from "./profile.js";

/** How the instance presents itself has changed. */
export const instancePresented = defineEvent("instance-presented", z.object({}));

/** A picture that was replaced is kept this long for pages and servers that still name it. */
const farewellMs = 7 * 24 * 3_600_000;
/** Whoever keeps a picture has named it by then, or has been refused, or has died. */
const unnamedMs = 3_600_000;

/** What is done with a picture: another one in its place, none, or nothing. */
export type PictureWish = UploadedFile | "remove" | "keep";

/** What an administrator sets; its version is that of the profile that they started from. */
export interface Presentation extends Omit<InstanceProfile, "logo" | "banner"> {
  readonly tagline: string;
  readonly logo: PictureWish;
  readonly banner: PictureWish;
}

/** Refuses everybody but administrators. */
export function assertMayPresent(ctx: Ctx): void {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  if (!hasRole(ctx.member, "admin")) throw new Refusal("not-allowed");
}

/**
 * Set how the instance presents itself. A picture that cannot be used, or cannot be kept now, is refused
 * beside its field, and nothing is changed then; nor is it where somebody else was faster, unless both say
 * the same ("changed-meanwhile"). Pictures are kept before they are named; those that are never named, and
 * former ones, are removed later.
 */
export async function presentInstance(ctx: Ctx, wish: Presentation): Promise<void> {
  assertMayPresent(ctx);
  const before = await ctx.readInstance();
  const former = profileOf(before);
  const { tagline, description, fields, contact, attributionDomains } = wish;
  const logo = await madeOf(wish.logo, { field: "logo", size: logoSize });
  const banner = await madeOf(wish.banner, { field: "banner", size: bannerSize });
  const profile: InstanceProfile = {
    ...{ description, fields, contact, attributionDomains, version: former.version + 1 },
    logo: nameOf(ctx, logo, former.logo),
    banner: nameOf(ctx, banner, former.banner),
  };
  if (wish.version !== former.version) {
    if (isTheSame({ ...profile, tagline }, { ...former, tagline: before.tagline })) return;
    throw changedMeanwhile();
  }
  await keepPicture(ctx, logo, { field: "logo", former: former.logo });
  await keepPicture(ctx, banner, { field: "banner", former: former.banner });
  for (const name of [former.logo, former.banner]) {
    if (name === null || name === profile.logo || name === profile.banner) continue;
    await forgetLater(ctx, name, farewellMs);
    await ctx.media.keep(name, farewellMs);
  }
  await ctx.commit(instancePresented, {}, async () => {
    const saved = await ctx.changeInstance({ tagline, profile }, { profile: former });
    if (saved === null) throw changedMeanwhile();
  });
}

function changedMeanwhile(): Refusal {
  return refuseField("changed-meanwhile", "version");
}

type Said = InstanceProfile & Pick<Presentation, "tagline">;

/** As when a form is sent twice. */
function isTheSame(one: Said, other: Said): boolean {
  return isDeepStrictEqual({ ...one, version: 0 }, { ...other, version: 0 });
}

async function forgetLater(ctx: Ctx, name: string, delayMs: number): Promise<void> {
  const id = `forget-picture/${ctx.ids.next()}`;
  await ctx.enqueue(forgetPicture, { name }, { id, delayMs });
}

type Made = Picture | "remove" | "keep";

async function madeOf(
  wish: PictureWish,
  { field, size }: { readonly field: string; readonly size: PictureSize },
): Promise<Made> {
  if (wish === "keep" || wish === "remove") return wish;
  if (wish.isCut) throw refuseField("too-large", field, "instance-profile.errors.size");
  const picture = await makePicture(wish.bytes, size);
  if (picture === null) throw refuseField("invalid-form", field, "instance-profile.errors.picture");
  return picture;
}

function nameOf({ instance }: Ctx, made: Made, former: string | null): string | null {
  if (made === "keep") return former;
  return made === "remove" ? null : mediaFileOf(instance._id, made.bytes, made.extension).name;
}

async function keepPicture(
  ctx: Ctx,
  made: Made,
  { field, former }: { readonly field: string; readonly former: string | null },
): Promise<void> {
  if (made === "keep" || made === "remove") return;
  const { name } = mediaFileOf(ctx.instance._id, made.bytes, made.extension);
  // Whatever comes in between, what no profile names takes up no room for long.
  if (name !== former) await forgetLater(ctx, name, unnamedMs);
  try {
    await ctx.media.put(made.bytes, made.extension, unnamedMs);
  } catch (error) {
    const isFull = error instanceof Refusal && error.code === "storage-full";
    if (isFull) throw refuseField("storage-full", field);
    if (!isMediaUnavailable(error)) throw error;
    ctx.log.warn({ error: error.message }, "a picture could not be kept");
    throw refuseField("unavailable", field, "instance-profile.errors.unavailable");
  }
}

/**
 * Removes a picture that was replaced, or never came into use, unless it is in use by now. While it is to
 * be kept for another's sake, who uploaded the same one since or replaced it, the job waits: it ends when
 * the picture is removed or named, and who replaces a named one adds another.
 */
export const forgetPicture = defineJob({
  name: "instance-profile.forget-picture",
  payload: z.object({ name: z.string() }),
  async run(ctx, { name }) {
    const { logo, banner } = profileOf(ctx.instance);
    if (name === logo || name === banner) return;
    const notBefore = await ctx.media.remove(name);
    if (notBefore === null) return;
    const delayMs = notBefore.getTime() - ctx.clock.now().getTime();
    throw new Postpone("the picture is to be kept for longer", delayMs);
  },
});
