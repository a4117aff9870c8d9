import { Command, CommanderError } from "commander";
import { version } from "../app.js";
import { actorCommand } from "./actor.js";
import { adminCommand } from "./admin.js";
import { backupCommand } from "./backup.js";
import { doctorCommand } from "./doctor.js";
import { importCommand } from "./import.js";
import { instanceCommand } from "./instance.js";
import { UsageMistake, type Finish, type Io } from "./io.js";
import { linkCommand } from "./link.js";
import { moveMediaCommand } from "./move-media.js";
import { moveQueueCommand } from "./move-queue.js";
import { moveStoreCommand } from "./move-store.js";
import { networkCommand } from "./network.js";
import { migrateCommand } from "./migrate.js";
import { operatorCommand } from "./operator.js";
import { inPlainWords } from "./plain-words.js";
import { queueCommand } from "./queue.js";
import { restoreCommand } from "./restore.js";

/**
 * Run one command. Never throws.
 * @returns the exit code: 0 done, 1 failed, 2 called wrongly
 */
export async function runCli(argv: readonly string[], world: Io): Promise<number> {
  const io = inItsWords(world);
  const asJson = argv.includes("--json");
  let code = 0;
  const finish: Finish = async (work) => {
    const answer = await work;
    io.out(asJson ? `${JSON.stringify(answer.json, null, 2)}\n` : answer.text);
    if (answer.ok === false) code = 1;
  };
  try {
    await programFor(io, finish).parseAsync(["node", "parvis", ...argv]);
    return code;
  } catch (error) {
    // Commander has written its own words: help, the version, or what was called wrongly.
    const isSaid = error instanceof CommanderError;
    if (isSaid && error.exitCode === 0) return 0;
    const message = inPlainWords(error);
    if (!isSaid) io.err(`${message}\n`);
    if (asJson) io.out(`${JSON.stringify({ error: message }, null, 2)}\n`);
    return isSaid || error instanceof UsageMistake ? 2 : 1;
  }
}

/** How a command is called from the project's folder; every text says it so. */
const usual = "npm run parvis --";

/** Where commands are called in another way, `PARVIS_COMMAND` says how, and every text says that. */
function inItsWords(io: Io): Io {
  const own = io.env["PARVIS_COMMAND"]?.trim() ?? "";
  if (own === "") return io;
  const said = (text: string): string => text.replaceAll(usual, () => own);
  return { ...io, out: (text) => io.out(said(text)), err: (text) => io.err(said(text)) };
}

function programFor(io: Io, finish: Finish): Command {
  const program = new Command("parvis")
    .usage("<command> [options]")
    .description("Care for the instances of this deployment.")
    .version(version)
    .option("--json", "answer in JSON, for scripts")
    .addHelpText("after", generalHelp);
  program.addCommand(instanceCommand(io, finish));
  program.addCommand(adminCommand(io, finish));
  program.addCommand(operatorCommand(io, finish));
  program.addCommand(actorCommand(io, finish));
  program.addCommand(importCommand(io, finish));
  program.addCommand(linkCommand(io, finish));
  program.addCommand(networkCommand(io, finish));
  program.addCommand(queueCommand(io, finish));
  program.addCommand(migrateCommand(io, finish));
  program.addCommand(backupCommand(io, finish));
  program.addCommand(restoreCommand(io, finish));
  program.addCommand(moveStoreCommand(io, finish));
  program.addCommand(moveMediaCommand(io, finish));
  program.addCommand(moveQueueCommand(io, finish));
  program.addCommand(doctorCommand(io, finish));
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .allowExcessArguments(false)
      .showHelpAfterError("Add --help to see how it is used.")
      .configureOutput({ writeOut: io.out, writeErr: io.err });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

const generalHelp = `
Run as: npm run parvis -- <command>
Configuration comes from the environment and from .env, as it does for the server, which may run meanwhile,
but for restore, move-store and move-queue.

Exit codes: 0 done, 1 failed, 2 called wrongly.`;
