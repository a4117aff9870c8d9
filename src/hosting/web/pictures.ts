import { mediaPath, profileOf, type Instance } from "../../kit/instance.js";
import type { SiteModel } from "../../kit/site-model.js";

/** The pictures of an instance as the frame of every page needs them; none where it is not known yet. */
export function picturesOf(
  instance: Pick<Instance, "profile"> & Partial<Pick<Instance, "url">>,
): Pick<SiteModel, "logo" | "picture"> {
  const { logo, banner } = profileOf(instance);
  const shown = banner ?? logo;
  return {
    logo: logo === null ? null : mediaPath(logo),
    picture: shown === null ? null : (instance.url?.(mediaPath(shown)) ?? null),
  };
}
