import { createInterface } from "node:readline/promises";
import { InvalidArgumentError, type Command } from "commander";
import type { App } from "../app.js";
import { asciiHost } from "../drivers/web-address.js";
import { actOnRecord, type InstanceWish } from "../features/operators/instance-acts.js";
import {
  mostGraceDays,
  mostReason,
  readGraceDays,
  readReason,
  usualGraceDays,
} from "../hosting/closing.js";
import type { Instance } from "../kit/index.js";
import { runBackup } from "./backup.js";
import { instanceNamed, openInstance, withApp } from "./deployment.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";

const hostHelp = "host of the instance";

/** `instance suspend|resume|delete|undelete`. */
export function addLifeCommands(command: Command, io: Io, finish: Finish): void {
  command
    .command("suspend")
    .description("answer 503 for an instance and let its work wait; nothing is lost or deleted")
    .argument("<host>", hostHelp)
    .option("--reason <words>", "why, for whoever visits it", reasonOf, "")
    .addHelpText("after", suspendHelp)
    .action((host: string, { reason }: { reason: string }) =>
      finish(withApp(io, (app) => suspend(app, host, reason))),
    );
  command
    .command("resume")
    .description("serve a suspended instance again, and go on with what waited")
    .argument("<host>", hostHelp)
    .addHelpText("after", `\nExample: npm run parvis -- instance resume parvis.example`)
    .action((host: string) => finish(withApp(io, (app) => resume(app, host))));
  command
    .command("delete")
    .description("close an instance, and remove it with all it holds once its grace has ended")
    .argument("<host>", hostHelp)
    .option("--grace <days>", "days in which it can come back", daysOf, usualGraceDays)
    .option("--backup <file>", "first write a backup of the whole deployment into this file")
    .option("--confirm <host>", "its host once more, instead of being asked for it")
    .addHelpText("after", deleteHelp)
    .action((host: string, given: Deleting) => finish(remove(io, host, given)));
  command
    .command("undelete")
    .description("bring a deleted instance back, as long as its grace lasts")
    .argument("<host>", hostHelp)
    .addHelpText("after", `\nExample: npm run parvis -- instance undelete parvis.example`)
    .action((host: string) => finish(withApp(io, (app) => undelete(app, host))));
}

const suspendHelp = `
Servers that run meanwhile heed it within seconds. Deliveries and mails of the instance wait; other
servers are asked to come back later. One that is suspended already gets the new reason.

Example: npm run parvis -- instance suspend parvis.example --reason "Maintenance until Monday."`;

const deleteHelp = `
People read at once that it is closed, and until when it can come back ("instance undelete"). When the
grace has ended, other servers are told that its accounts are gone, then every record, picture and key of it is
removed. Its address answers 410 for ever, and no other instance can have it.

A backup holds the whole deployment; encrypt it with "backup --encrypt" if it leaves this machine.

Examples:
  npm run parvis -- instance delete parvis.example --backup before.backup
  npm run parvis -- instance delete parvis.example --grace 7 --confirm parvis.example`;

function reasonOf(typed: string): string {
  const reason = readReason(typed);
  if (reason !== null) return reason;
  throw new InvalidArgumentError(`At most ${mostReason} characters.`);
}

function daysOf(typed: string): number {
  const days = readGraceDays(typed);
  if (days !== null) return days;
  throw new InvalidArgumentError(`A number of days from 0 to ${mostGraceDays} is needed.`);
}

/** Do it, by a line in the operators' journal first; null when it cannot be done. */
export function act(app: App, instance: Instance, wish: InstanceWish): Promise<Instance | null> {
  const { instances, outbox, drivers, operators } = app;
  const parts = { instances, outbox, clock: drivers.clock, operators: operators.operators };
  return actOnRecord(null, parts, { instance, wish });
}

async function suspend(app: App, host: string, reason: string): Promise<Answer> {
  const instance = await openInstance(app, host);
  const changed = await act(app, instance, { act: "suspend", reason });
  if (changed !== null) return answer(`${instance.host} is suspended.`, changed);
  const now = await openInstance(app, host);
  const isKept = reason === "" || reason === now.suspension?.reason;
  if (isKept) return answer(`${now.host} is suspended already.`, now);
  const told = await act(app, now, { act: "explain", reason });
  if (told === null)
    throw new CommandFailed(`${now.host} has changed meanwhile: nothing was done.`);
  return answer(`${now.host} is suspended already; its visitors read the new reason.`, told);
}

async function resume(app: App, host: string): Promise<Answer> {
  const instance = await openInstance(app, host);
  const changed = await act(app, instance, { act: "resume" });
  const already = changed === null ? " already" : "";
  return answer(`${instance.host} is served again${already}.`, changed ?? instance);
}

interface Deleting {
  readonly grace: number;
  readonly backup?: string;
  readonly confirm?: string;
}

async function remove(io: Io, host: string, given: Deleting): Promise<Answer> {
  const { host: name } = await withApp(io, (app) => instanceNamed(app, host));
  const typed = given.confirm ?? (await typedHost(io, name));
  if (asciiHost(typed.trim()).toLowerCase() !== name) {
    throw new CommandFailed(`This is not its host: ${name} was left as it is.`);
  }
  const written = given.backup === undefined ? "" : await backUp(io, given.backup);
  return withApp(io, async (app) => {
    const instance = await instanceNamed(app, name);
    const deleted = await act(app, instance, { act: "delete", graceDays: given.grace });
    if (deleted === null) throw new CommandFailed(`${name} was deleted already.`);
    return answer(`${written}${name} is closed. ${returnOf(deleted, given.grace)}`, deleted);
  });
}

function returnOf({ host, deletion }: Instance, graceDays: number): string {
  if (graceDays === 0) return "It cannot come back: all it holds is removed from now on.";
  const until = deletion?.until.toISOString() ?? "";
  return `It can come back until ${until}: instance undelete ${host}`;
}

async function backUp(io: Io, to: string): Promise<string> {
  return (await runBackup(io, { to })).text;
}

async function typedHost(io: Io, host: string): Promise<string> {
  io.err(`This removes ${host} with all it holds once the grace has ended. A backup is made with
--backup. To go on, type its host: `);
  const reader = createInterface({ input: io.input });
  try {
    for await (const line of reader) return line;
  } finally {
    reader.close();
  }
  throw new CommandFailed(`Nothing was typed: ${host} was left as it is.`);
}

async function undelete(app: App, host: string): Promise<Answer> {
  const instance = await instanceNamed(app, host);
  const changed = await act(app, instance, { act: "undelete" });
  if (changed !== null) return answer(`${instance.host} is back (${changed.state}).`, changed);
  const { state, host: name } = instance;
  const isOver = state === "deleted" || state === "leaving" || state === "gone";
  throw new CommandFailed(
    isOver ? `The grace of ${name} has ended: it cannot come back.` : `${name} is not deleted.`,
  );
}

function answer(words: string, instance: Instance): Answer {
  return { text: `${words}\n`, json: shownInstance(instance) };
}

/** An instance, as scripts are told of it. */
export function shownInstance(instance: Instance): object {
  const { host, origin, aliases, kind, name, handle, language, state, createdAt } = instance;
  const { suspension = null, deletion = null } = instance;
  const shown = { host, origin, aliases, kind, name, handle, language, state, createdAt };
  return { ...shown, suspension, deletion };
}
