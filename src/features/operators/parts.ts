import type { Clock, Ids } from "../../drivers/clock.js";
import type { Mailer } from "../../drivers/mail.js";
import type { TextRecords } from "../../drivers/mail/text-records.js";
import type { Queue } from "../../drivers/queue/queue.js";
import type { Store } from "../../drivers/store/collection.js";
import type { DeploymentFacts } from "../../hosting/deployment-facts.js";
import type { Health } from "../../hosting/health.js";
import type { Instances } from "../../hosting/instances.js";
import type { MailLedger } from "../../hosting/mail-ledger.js";
import type { Outbox } from "../../hosting/outbox.js";
import type { Limits } from "../../kit/index.js";
import type { Counted } from "./figures.js";

/** What the operators' pages and commands work with: the whole deployment, beside any instance. */
export interface OperatorParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instances: Instances;
  readonly outbox: Pick<Outbox, "commit">;
  readonly health: Pick<Health, "look">;
  readonly mailer: Pick<Mailer, "check">;
  readonly ledger: MailLedger;
  readonly records: TextRecords;
  /** What federation counts of an instance. */
  readonly counted: Counted;
  readonly deployment: DeploymentFacts;
  /** What an instance may use that has no limits of its own. */
  readonly limits: Limits;
}
