import { Command } from "commander";
import type { App } from "../app.js";
import { senderDomain, type Config } from "../config.js";
import { createTextRecords } from "../drivers/mail/text-records.js";
import { countStored } from "../hosting/parked-jobs.js";
import { queueNames } from "../kit/index.js";
import { secretOf } from "../secret.js";
import { configOf, instanceNamed, withApp } from "./deployment.js";
import {
  checkClock,
  checkConfig,
  checkDisk,
  checkMail,
  checkMedia,
  checkQueue,
  checkSecret,
  checkStore,
  worst,
  type Finding,
} from "./doctor-checks.js";
import { checkAddresses, checkInstances, lookAtInstances, lookAtOne } from "./doctor-instances.js";
import { checkSender } from "./doctor-mail.js";
import { checkKeeping, checkLeftInRedis, checkRedis } from "./doctor-redis.js";
import type { Answer, Finish, Io } from "./io.js";
import { inPlainWords } from "./plain-words.js";

/** `doctor`: is everything well, and if not, what to do. */
export function doctorCommand(io: Io, finish: Finish): Command {
  return new Command("doctor")
    .description("check configuration, store, queues, mail, public addresses and clock")
    .option("--instance <host>", "look at the address of this instance alone")
    .addHelpText("after", help)
    .action(({ instance }: { instance?: string }) => finish(examine(io, instance ?? null)));
}

const help = `
Each line says ok, warn or fail, and what to do. Exit code 1 when something fails.

Examples:
  npm run parvis -- doctor
  npm run parvis -- doctor --instance parvis.example --json`;

async function examine(io: Io, host: string | null): Promise<Answer> {
  const findings: Finding[] = [];
  try {
    const config = configOf(io);
    findings.push(...checkConfig(config), await checkDisk(config));
    await withApp(io, (app) => examineApp(app, config, host, findings));
  } catch (error) {
    findings.push({
      name: "start",
      level: "fail",
      text: inPlainWords(error),
      remedy: "correct this first; nothing further can be checked",
    });
  }
  const lines = findings.flatMap(({ level, name, text, remedy }) => [
    `${level.padEnd(4)}  ${name.padEnd(14)}  ${text}`,
    ...(remedy === null ? [] : [`${" ".repeat(22)}→ ${remedy}`]),
  ]);
  const level = worst(findings);
  return {
    text: `${lines.join("\n")}\n`,
    json: { level, findings },
    ok: level !== "fail",
  };
}

async function examineApp(
  app: App,
  config: Config,
  host: string | null,
  findings: Finding[],
): Promise<void> {
  const { store, queue, mailer, media, clock } = app.drivers;
  findings.push(await checkStore(store, config));
  // A worker signs nobody in.
  if (config.role !== "worker")
    findings.push(...(await checkSecret(store, await secretOf(config))));
  const instances =
    host === null
      ? await lookAtInstances(app.instances)
      : lookAtOne(await instanceNamed(app, host));
  const now = clock.now();
  findings.push(...checkInstances(now, instances));
  for (const name of queueNames) {
    const stored = await countStored(store, name);
    findings.push(await checkQueue({ queue, stored }, name, now));
  }
  findings.push(...(await checkRedis(queue)), ...(await checkKeeping(queue)));
  findings.push(...(await checkLeftInRedis(config, store)));
  findings.push(await checkMail(mailer, config), ...(await checkMedia(media, config)));
  if (config.smtpUrl !== null) {
    const records = app.drivers.records ?? createTextRecords();
    findings.push(...(await checkSender(records, senderDomain(config))));
  }
  const reached = await checkAddresses(instances);
  findings.push(...reached.findings);
  findings.push(checkClock(clock.now(), instances.some, reached.dates));
}
