import { asciiHost } from "../../drivers/web-address.js";
import { Refusal, type Instance } from "../../kit/index.js";
import type { Instances } from "../../hosting/instances.js";

/**
 * The instance that an operator's page is asked for, by its host or an alias, as people write it; one that is
 * gone, too. Throws `not-found` where there never was one.
 */
export async function instanceAsked(
  instances: Pick<Instances, "byHost">,
  host: string,
): Promise<Instance> {
  const found = await instances.byHost(asciiHost(host.trim()).toLowerCase());
  if (found === null) throw new Refusal("not-found");
  return found;
}
