import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Command } from "commander";
import { z } from "zod";
import { maxPassword, minPassword } from "../features/accounts/account.js";
import { createAccount } from "../features/accounts/accounts.js";
import { mailField } from "../features/accounts/mail-field.js";
import { line } from "../kit/index.js";
import { actingFor, openInstance, withApp } from "./deployment.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";

interface Given {
  readonly instance: string;
  readonly mail: string;
  readonly name: string;
  readonly password?: true;
}

/** `admin create`. */
export function adminCommand(io: Io, finish: Finish): Command {
  const admin = new Command("admin").description("people who run an instance");
  admin
    .command("create")
    .description("make an account that may do everything on an instance")
    .requiredOption("--instance <host>", "host of the instance")
    .requiredOption("--mail <address>", "address to sign in with; taken as confirmed")
    .requiredOption("--name <name>", "public name")
    .option("--password", "read the password from standard input; without it one is made up")
    .addHelpText("after", help)
    .action((given: Given) => finish(createAdmin(io, given)));
  return admin;
}

const help = `
A password is never taken from the command line, where other users and the shell's history see it.
One that is made up is shown once.

Examples:
  npm run parvis -- admin create --instance parvis.example --mail mairie@example.org --name "Mairie"
  npm run parvis -- admin create --instance parvis.example --mail mairie@example.org --name "Mairie" \\
      --password < password.txt`;

async function createAdmin(io: Io, given: Given): Promise<Answer> {
  const mail = mailField.safeParse(given.mail);
  if (!mail.success) throw new UsageMistake("--mail: this is not a mail address.");
  const name = line(2, 60).safeParse(given.name);
  if (!name.success) throw new UsageMistake("--name: 2 to 60 characters are needed.");
  const typed = given.password === true ? await readPassword(io) : null;
  const password = typed ?? randomBytes(15).toString("base64url");
  return withApp(io, async (app) => {
    const instance = await openInstance(app, given.instance);
    const account = await createAccount(actingFor(app, instance), {
      ...{ name: name.data, mail: mail.data, password, confirmed: true },
      roles: ["citizen", "official", "moderator", "admin"],
    });
    const secret = typed === null ? { password } : {};
    const shown = typed === null ? `\n  Password, shown only now: ${password}` : "";
    return {
      text: `${name.data} can sign in at ${instance.url("/sign-in")} as ${mail.data}.${shown}\n`,
      json: { instance: instance.host, member: account._id, mail: mail.data, ...secret },
    };
  });
}

async function readPassword(io: Io): Promise<string> {
  if (io.input.isTTY === true) io.err("Password (it is not shown): ");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({
    input: io.input,
    output: nowhere,
    terminal: io.input.isTTY === true,
  });
  try {
    for await (const typed of reader) return checkedPassword(typed);
  } finally {
    reader.close();
    if (io.input.isTTY === true) io.err("\n");
  }
  throw new CommandFailed("No password came on standard input.");
}

function checkedPassword(typed: string): string {
  const known = z.string().min(minPassword).max(maxPassword).safeParse(typed);
  if (known.success) return known.data;
  throw new CommandFailed(`A password needs ${minPassword} to ${maxPassword} characters.`);
}
