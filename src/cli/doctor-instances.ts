import type { Instance } from "../kit/index.js";
import { waitsFor } from "./deployment.js";
import { finding, type Finding } from "./doctor-checks.js";
import { checkAddress } from "./doctor-reach.js";

/** Whether an instance is no more: its host's name may be given up. */
function isRemoved({ state }: Instance): boolean {
  return state === "leaving" || state === "gone";
}

/** Whether there are instances, and each is set up. */
export function checkInstances(now: Date, instances: readonly Instance[]): Finding[] {
  if (instances.length === 0) {
    const remedy = "start the server once (npm start), or use: instance create";
    return [finding("instances", "warn", "there is none yet", remedy)];
  }
  const active = instances.filter(({ state }) => state === "active").length;
  const rest = instances.filter(({ state }) => state !== "active");
  return [
    finding("instances", "ok", `${active} active`),
    ...rest.filter((one) => !isRemoved(one)).map((one) => checkClosed(now, one)),
  ];
}

function checkClosed(now: Date, instance: Instance): Finding {
  const { host, state, deletion } = instance;
  const found = (what: string, remedy: string): Finding =>
    finding("instances", "warn", `${host} ${what}`, remedy);
  if (state === "new") return found(...waitsFor(instance));
  if (state === "suspended")
    return found("is suspended", `to serve it again: instance resume ${host}`);
  if (deletion == null || deletion.until <= now) {
    return finding("instances", "ok", `${host} is deleted; its grace has ended, and it is removed`);
  }
  const until = deletion.until.toISOString();
  return found("is deleted", `to bring it back until ${until}: instance undelete ${host}`);
}

/** What the public addresses answered, and when they say it is. */
export interface Reached {
  readonly findings: readonly Finding[];
  readonly dates: readonly Date[];
}

/**
 * Whether instances answer at their public addresses. What is removed is not asked; who closes an instance
 * may take its address down, which is no failure of the deployment.
 */
export async function checkAddresses(instances: readonly Instance[]): Promise<Reached> {
  const findings: Finding[] = [];
  const dates: Date[] = [];
  for (const instance of instances.filter((one) => !isRemoved(one))) {
    const { finding: found, date } = await checkAddress(instance);
    const isClosed = instance.state === "suspended" || instance.state === "deleted";
    findings.push(isClosed && found.level === "fail" ? { ...found, level: "warn" } : found);
    if (date !== null) dates.push(date);
  }
  return { findings, dates };
}
