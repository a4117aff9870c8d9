import type { Instances } from "../hosting/instances.js";
import type { Instance, InstanceState } from "../kit/index.js";
import { waitsFor } from "./deployment.js";
import { finding, type Finding } from "./doctor-checks.js";
import { checkAddress } from "./doctor-reach.js";

/** States that are looked at; nothing is to be done about those that are removed. */
const looked = ["active", "suspended", "new", "deleted"] as const;

/** Instances of each state that are named, and addresses that are asked. */
const most = 20;
/** More than this are not counted. */
const mostCounted = 10_000;

/** What is looked at of the instances, however many there are. */
export interface Looked {
  /** Of each state the first ones. */
  readonly some: readonly Instance[];
  /** How many there are, in each state of which there are any. */
  readonly counts: ReadonlyMap<InstanceState, number>;
}

/** Look at some instances of each state, and count them all. */
export async function lookAtInstances(instances: Instances): Promise<Looked> {
  const some: Instance[] = [];
  const counts = new Map<InstanceState, number>();
  for (const state of looked) {
    const found = await instances.inState(state, most);
    const count = found.length < most ? found.length : await instances.count(mostCounted, state);
    if (count > 0) counts.set(state, count);
    some.push(...found);
  }
  return { some, counts };
}

/** Look at one instance alone. */
export function lookAtOne(instance: Instance): Looked {
  return { some: [instance], counts: new Map([[instance.state, 1]]) };
}

function counted(count: number): string {
  return count < mostCounted ? String(count) : `${mostCounted} or more`;
}

/** Whether there are instances, and each is set up. */
export function checkInstances(now: Date, { some, counts }: Looked): Finding[] {
  if (some.length === 0) {
    const remedy = "start the server once (npm start), or use: instance create";
    return [finding("instances", "warn", "there is none yet", remedy)];
  }
  const found = [finding("instances", "ok", `${counted(counts.get("active") ?? 0)} active`)];
  for (const [state, count] of counts) {
    if (state === "active") continue;
    found.push(...some.filter((one) => one.state === state).map((one) => checkClosed(now, one)));
    if (count <= most) continue;
    const text = `${counted(count)} are ${state}, of which ${most} are named here`;
    found.push(finding("instances", "warn", text, "to see all: instance list"));
  }
  return found;
}

function checkClosed(now: Date, instance: Instance): Finding {
  const { host, state, deletion } = instance;
  const found = (what: string, remedy: string): Finding =>
    finding("instances", "warn", `${host} ${what}`, remedy);
  if (isRemoved(instance)) {
    return finding("instances", "ok", `${host} was removed: its address is never used again`);
  }
  if (state === "new") return found(...waitsFor(instance));
  if (state === "suspended")
    return found("is suspended", `to serve it again: instance resume ${host}`);
  if (deletion == null || deletion.until <= now) {
    return finding("instances", "ok", `${host} is deleted; its grace has ended, and it is removed`);
  }
  const until = deletion.until.toISOString();
  return found("is deleted", `to bring it back until ${until}: instance undelete ${host}`);
}

/** Whether an instance is no more: its host's name may be given up. */
function isRemoved({ state }: Instance): boolean {
  return state === "leaving" || state === "gone";
}

/** What the public addresses answered, and when they say it is. */
export interface Reached {
  readonly findings: readonly Finding[];
  readonly dates: readonly Date[];
}

/**
 * Whether instances answer at their public addresses, those that are served before those that are not. What is
 * removed is not asked; who closes an instance may take its address down, which is no failure of the deployment.
 */
export async function checkAddresses({ some, counts }: Looked): Promise<Reached> {
  const findings: Finding[] = [];
  const dates: Date[] = [];
  const asked = some.filter((one) => !isRemoved(one)).slice(0, most);
  // Together: a proxy that is silent makes each of them wait.
  const answers = await Promise.all(
    asked.map(async (instance) => ({ instance, ...(await checkAddress(instance)) })),
  );
  for (const { instance, finding: found, date } of answers) {
    const isClosed = instance.state === "suspended" || instance.state === "deleted";
    findings.push(isClosed && found.level === "fail" ? { ...found, level: "warn" } : found);
    if (date !== null) dates.push(date);
  }
  const active = counts.get("active") ?? 0;
  if (active > most) {
    const text = `${most} of ${counted(active)} active ones were asked`;
    findings.push(finding("address", "ok", text, "to ask another one: doctor --instance <host>"));
  }
  return { findings, dates };
}
