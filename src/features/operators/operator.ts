import type { DeploymentCollection } from "../../hosting/collections.js";
import type { Ctx } from "../../kit/index.js";

/** Somebody who runs the deployment: a member of one of its instances, named on the command line. */
export interface Operator {
  /** The instance's id and the member's. */
  readonly _id: string;
  readonly instanceId: string;
  readonly memberId: string;
  readonly grantedAt: Date;
}

/** What an operator changes, as the journal tells it. */
export type Act =
  | "operator-granted"
  | "operator-revoked"
  | "job-retried"
  | "job-dropped"
  | "jobs-retried"
  | "jobs-dropped"
  | "instance-suspended"
  | "instance-explained"
  | "instance-resumed"
  | "instance-limited"
  | "instance-deleted"
  | "instance-undeleted";

/** Who did something: an operator, or whoever could run commands (null). */
export type Doer = {
  readonly name: string;
  readonly host: string;
  readonly memberId: string;
} | null;

/** A change of the deployment by those who run it, written down before it is made. */
export interface JournalEntry {
  readonly _id: string;
  readonly at: Date;
  readonly by: Doer;
  readonly act: Act;
  /** What was changed, by names and ids alone: `default federation.deliver 01j…`. */
  readonly about: string;
}

/** Where the operators' pages are. */
export const operatorPath = "/operator";

/** The collection of operators: of the deployment, out of reach of any instance. */
export const operatorsName = "operators";

/** The collection of what operators did. */
export const journalName = "operator_journal";

/** How long it is remembered what operators did. */
const rememberedSeconds = 366 * 24 * 3_600;

/** The deployment's own collections of this feature: who is an operator ends with the instance. */
export const operatorCollections: readonly DeploymentCollection[] = [
  {
    name: operatorsName,
    indexes: [{ keys: { grantedAt: 1, _id: 1 } }, { keys: { instanceId: 1 } }],
    instanceIn: "instanceId",
  },
  {
    name: journalName,
    indexes: [
      { keys: { at: -1, _id: -1 } },
      { keys: { at: 1 }, expireAfterSeconds: rememberedSeconds },
    ],
  },
];

/** The key of a member of an instance among the operators. */
export function operatorId({ instance }: Pick<Ctx, "instance">, memberId: string): string {
  return `${instance._id}/${memberId}`;
}

/** Who acts, as the journal names them; null for the command line. */
export function doerOf({ instance, member }: Pick<Ctx, "instance" | "member">): Doer {
  if (member === null) return null;
  return { name: member.name, host: instance.host, memberId: member._id };
}
