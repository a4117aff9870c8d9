import { Command } from "commander";
import type { App } from "../app.js";
import { listAccounts } from "../features/accounts/accounts.js";
import { mailField } from "../features/accounts/mail-field.js";
import type { Operator } from "../features/operators/operator.js";
import { personById } from "../features/people/people.js";
import { Refusal, type Ctx } from "../kit/index.js";
import { actingFor, instanceNamed, instanceToChange, withApp } from "./deployment.js";
import { addJournalCommand } from "./operator-journal.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";

interface Given {
  readonly instance: string;
  readonly mail?: string;
  readonly member?: string;
}

/** `operator grant|revoke|list|journal`: who runs the whole deployment. */
export function operatorCommand(io: Io, finish: Finish): Command {
  const operator = new Command("operator").description("people who run the whole deployment");
  for (const act of ["grant", "revoke"] as const) {
    operator
      .command(act)
      .description(
        act === "grant"
          ? "show a member the pages on queues, mail, disk and instances"
          : "take that back",
      )
      .requiredOption("--instance <host>", "host of the instance they are a member of")
      .option("--mail <address>", "address they sign in with")
      .option("--member <id>", "the member's id, as in the list, in place of the address")
      .addHelpText("after", help)
      .action((given: Given) => finish(withApp(io, (app) => change(app, act, given))));
  }
  operator
    .command("list")
    .description("show who they are")
    .action(() => finish(withApp(io, (app) => list(app))));
  addJournalCommand(operator, io, finish);
  return operator;
}

const help = `
Operators sign in on their instance as before; their menu then leads to /operator there. To everybody else,
administrators included, these addresses answer 404.

Examples:
  npm run parvis -- operator grant --instance parvis.example --mail it@example.org
  npm run parvis -- operator revoke --instance parvis.example --mail it@example.org`;

async function change(app: App, act: "grant" | "revoke", given: Given): Promise<Answer> {
  const { operators } = app.operators;
  // Nobody is kept from taking it back, whatever has become of the instance.
  const find = act === "grant" ? instanceToChange : instanceNamed;
  const instance = await find(app, given.instance);
  const ctx = actingFor(app, instance);
  const member = await memberMeant(ctx, given);
  const changed = await orNobody(instance.host, () => operators[act](ctx, member));
  const name = (await personById(ctx, member))?.name ?? member;
  const told = {
    grant: changed ? "is an operator now" : "is an operator already",
    revoke: changed ? "is no operator any more" : "was no operator",
  };
  const where = act === "grant" ? ` The pages are at ${instance.url("/operator")}` : "";
  return {
    text: `${name} ${told[act]}.${where}\n`,
    json: { instance: instance.host, member, changed },
  };
}

async function memberMeant(ctx: Ctx, { mail, member }: Given): Promise<string> {
  if ((mail === undefined) === (member === undefined)) {
    throw new UsageMistake("Say who is meant by --mail or by --member.");
  }
  if (member !== undefined) return member;
  const address = mailField.safeParse(mail);
  if (!address.success) throw new UsageMistake("--mail: this is not a mail address.");
  const [account] = (await listAccounts(ctx, address.data, null)).items;
  if (account === undefined) {
    throw new CommandFailed(`Nobody on ${ctx.instance.host} signs in with this address.`);
  }
  return account._id;
}

async function orNobody(host: string, work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "not-found") throw error;
    throw new CommandFailed(
      `This member of ${host} cannot sign in: the account is not confirmed, suspended or gone.`,
    );
  }
}

async function list(app: App): Promise<Answer> {
  const shown = [];
  for (const one of await app.operators.operators.list()) shown.push(await described(app, one));
  const lines = shown.map(({ member, instance, name }) => `${member}  ${instance}  ${name}`);
  const text = lines.length === 0 ? "There is no operator yet." : lines.join("\n");
  return { text: `${text}\n`, json: shown };
}

async function described(app: App, { instanceId, memberId, grantedAt }: Operator) {
  const instance = await app.instances.byId(instanceId);
  const person = instance === null ? null : await personById(actingFor(app, instance), memberId);
  return {
    ...{ member: memberId, instance: instance?.host ?? "(gone)", grantedAt },
    name: person?.name ?? "(gone)",
  };
}
