import { MailError } from "../../../src/drivers/mail.js";
import { createMailLedger } from "../../../src/hosting/mail-ledger.js";
import type { Ctx } from "../../../src/kit/index.js";
import type { Town } from "./town.js";

/** Something on every page for operators, and a member who may see them. */
export async function operate({ app, settle }: Town, nobody: Ctx, memberId: string): Promise<void> {
  await app.operators.operators.grant(nobody, memberId);
  const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
  const proposalId = nobody.ids.next();
  const data = { instanceId: nobody.instance._id, payload: { proposalId } };
  // Their payload is none of theirs: they are given up at once.
  const names = ["accounts.remind", "accounts.remind", "federation.deliver-again"];
  await app.drivers.queue.add(
    names.map((name, i) => ({
      ...{ id: `${name}/${proposalId}/${i}`, queue: i === 2 ? "delivery" : "default", name },
      ...{ data, attempts: 1, backoff },
    })),
  );
  await app.instances.create({
    ...{ origin: "https://voisine.example", name: "Voisine", kind: "city", language: "fr" },
    setUpTokenHash: null,
  });
  await refuseMails(app);
  await nobody.enqueue(app.operators.feature.schedules[0]!.job, {});
  await settle();
}

/** Mails that were taken, put off and refused. */
async function refuseMails({ drivers }: Town["app"]): Promise<void> {
  const refusal = { code: "EENVELOPE", responseCode: 550, response: "550 5.1.1 no such user" };
  const reasons = [
    new MailError("no", { permanent: true, cause: Object.assign(new Error("no"), refusal) }),
    new MailError("no", {
      permanent: false,
      cause: Object.assign(new Error("no"), { code: "ETIMEDOUT" }),
    }),
  ];
  const failing = {
    ...drivers.mailer,
    send: () => Promise.reject(reasons.shift() ?? new Error("no")),
  };
  const mailer = createMailLedger(drivers).counted(failing);
  for (const host of ["courrier.exemple.example", "un-domaine-au-nom-vraiment-tres-long.example"]) {
    const mail = { to: `a@${host}`, subject: "Bonjour", text: "Bonjour" };
    await mailer.send(mail).catch(() => undefined);
  }
}
