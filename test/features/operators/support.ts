import { MailError, type Mailer } from "../../../src/drivers/mail.js";
import type { Role } from "../../../src/kit/index.js";
import { aDeployment, type Browser, type Deployment } from "../../support/deployment.js";

/** The two instances of the deployment: operators are members of the first. */
export const [home, other] = ["valmont.example", "roche.example"] as const;

/** A deployment of two cities, and its operator signed in. */
export interface Operated {
  readonly site: Deployment;
  readonly operator: Browser & { memberId: string };
  /** Somebody signed in on an instance who is no operator. */
  somebody(host: string, ...roles: Role[]): Promise<Browser & { memberId: string }>;
}

/** Open a deployment with an operator; close `site` in `after`. */
export async function anOperated(...given: Parameters<typeof aDeployment>): Promise<Operated> {
  const site = await aDeployment(...given);
  await site.city(home, { name: "Valmont" });
  await site.city(other, { name: "Roche" });
  const operator = await site.signedIn(home, { name: "Inès" });
  await site.app.operators.operators.grant(await site.ctx(home), operator.memberId);
  return {
    site,
    operator,
    somebody: (host, ...roles) => site.signedIn(host, { name: "Bea", roles }),
  };
}

/** A mail server that refuses for good until it is mended. */
export function aMailServer(): { mailer: Mailer; sent: string[]; mend(refuses: boolean): void } {
  const sent: string[] = [];
  let refuses = true;
  const mailer: Mailer = {
    async send({ to }) {
      if (refuses) throw new MailError("Mail not sent: it refuses it", { permanent: true });
      sent.push(to);
      return { id: "<1@test>" };
    },
    check: async () => undefined,
    close: async () => undefined,
  };
  const mend = (stillRefuses: boolean): void => {
    refuses = stillRefuses;
  };
  return { mailer, sent, mend };
}
