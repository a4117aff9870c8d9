import type { Clock, Ids } from "../../drivers/clock.js";
import type { Mailer } from "../../drivers/mail.js";
import type { TextRecords } from "../../drivers/mail/text-records.js";
import type { Queue } from "../../drivers/queue/queue.js";
import type { Store } from "../../drivers/store/collection.js";
import type { Health } from "../../hosting/health.js";
import type { Instances } from "../../hosting/instances.js";
import type { MailLedger } from "../../hosting/mail-ledger.js";
import type { Counted } from "./figures.js";

/** What of the configuration operators are told. */
export interface DeploymentFacts {
  readonly version: string;
  readonly dataDir: string;
  readonly role: "all" | "web" | "worker";
  readonly store: "embedded" | "mongodb";
  readonly queue: "embedded" | "redis";
  /** Where mails go: to a mail server, or into files. */
  readonly mail: "smtp" | "files";
  /** The domain of the address that mails are from. */
  readonly senderDomain: string;
}

/** What the operators' pages and commands work with: the whole deployment, beside any instance. */
export interface OperatorParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instances: Instances;
  readonly health: Pick<Health, "look">;
  readonly mailer: Pick<Mailer, "check">;
  readonly ledger: MailLedger;
  readonly records: TextRecords;
  /** What federation counts of an instance. */
  readonly counted: Counted;
  readonly deployment: DeploymentFacts;
}
