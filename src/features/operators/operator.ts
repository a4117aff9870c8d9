import type { DeploymentCollection } from "../../hosting/collections.js";
import type { Ctx, LimitChanges, QueueName } from "../../kit/index.js";

/** Somebody who runs the deployment: a member of one of its instances, named on the command line. */
export interface Operator {
  /** The instance's id and the member's. */
  readonly _id: string;
  readonly instanceId: string;
  readonly memberId: string;
  readonly grantedAt: Date;
}

/** What an operator changes, as the journal keeps it: names, ids and figures, put into words when it is read. */
export type Deed =
  | {
      readonly act: "operator-granted" | "operator-revoked";
      readonly name: string;
      readonly host: string;
    }
  | {
      readonly act: "job-retried" | "job-dropped";
      readonly queue: QueueName;
      readonly id: string;
    }
  | {
      readonly act: "jobs-retried" | "jobs-dropped";
      readonly queue: QueueName;
      readonly kind: string;
    }
  | {
      readonly act: "instance-suspended" | "instance-explained";
      readonly host: string;
      readonly reason: string;
    }
  | {
      readonly act: "instance-limited";
      readonly host: string;
      readonly limits: LimitChanges;
    }
  | {
      readonly act: "instance-deleted";
      readonly host: string;
      readonly graceDays: number;
    }
  | { readonly act: "instance-resumed" | "instance-undeleted"; readonly host: string };

/** Who did something: an operator, or whoever could run commands (null). */
export type Doer = {
  readonly name: string;
  readonly host: string;
  readonly memberId: string;
} | null;

/** A change of the deployment by those who run it, written down before it is made. */
export interface JournalEntry {
  /** Sorts by when it was written. */
  readonly _id: string;
  readonly at: Date;
  readonly by: Doer;
  readonly deed: Deed;
  /** It turned out to change nothing: it was so already, or somebody else was faster. */
  readonly isVain?: true;
  /** The job that does it found something to change, whatever became of that run of it. */
  readonly hasBegun?: true;
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
      { keys: { at: 1 }, expireAfterSeconds: rememberedSeconds },
      { keys: { "deed.host": 1, _id: -1 } },
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
