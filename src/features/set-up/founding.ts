import type { Contexts } from "../../hosting/contexts.js";
import { HostTaken, namesOf } from "../../hosting/instance-names.js";
import type { Instances, NewInstance } from "../../hosting/instances.js";
import type { Instance, InstanceRecord } from "../../kit/index.js";
import { defaultTopics } from "../topics/topics.js";

/** What is said of an instance that is made without a set-up page. */
export type Founded = Pick<NewInstance, "origin" | "name" | "kind" | "language"> &
  Pick<InstanceRecord, "handle" | "aliases">;

/** What founding needs. */
export interface FoundingParts {
  readonly instances: Instances;
  readonly contexts: Contexts;
}

/** The host belongs to an instance that was begun with other words and has not been made to its end. */
export class BegunOtherwise extends Error {
  override readonly name = "BegunOtherwise";
  readonly begun: Instance;
  constructor(begun: Instance) {
    super(begun.host);
    this.begun = begun;
  }
}

const halfMade = { state: "new", setUpTokenHash: null } as const;

/** Whether whoever founded an instance died over it; one that waits for its set-up page has a token. */
export function isHalfMade(instance: Pick<Instance, "state" | "setUpTokenHash">): boolean {
  return instance.state === halfMade.state && instance.setUpTokenHash === halfMade.setUpTokenHash;
}

/**
 * Make an instance that is active once it has topics to begin with: nobody sees one without. Where the
 * process died over it, the same words again go on with it.
 * @throws HostTaken, BegunOtherwise
 */
export async function foundInstance(
  { instances, contexts }: FoundingParts,
  wanted: Founded,
): Promise<Instance> {
  const begun = await begin(instances, wanted);
  const { _id, host, language } = begun;
  await defaultTopics(contexts({ instance: begun, member: null, language }));
  const made = await instances.update(_id, { state: "active" }, halfMade);
  // Null where another process that was told the same has been quicker.
  const founded = made ?? (await instances.byId(_id));
  if (founded?.state !== "active") throw new HostTaken(host);
  return founded;
}

async function begin(instances: Instances, wanted: Founded): Promise<Instance> {
  try {
    return await instances.create({ ...wanted, ...halfMade });
  } catch (error) {
    if (!(error instanceof HostTaken)) throw error;
    const there = await instances.byHost(new URL(wanted.origin).hostname);
    if (there === null || !isHalfMade(there)) throw error;
    if (!isAsBegun(there, wanted)) throw new BegunOtherwise(there);
    return there;
  }
}

function isAsBegun(begun: Instance, wanted: Founded): boolean {
  const words = ({ origin, name, kind, language, handle, aliases }: Founded): string => {
    const { hostname, origin: plain } = new URL(origin);
    const names = namesOf(
      hostname,
      aliases.map((alias) => alias.toLowerCase()),
    );
    return JSON.stringify([plain, name, kind, language, handle, ...names]);
  };
  return words(begun) === words(wanted);
}
