import { Command } from "commander";
import type { App } from "../app.js";
import { actingFor, instanceNamed, withApp } from "./deployment.js";
import { addPolicyCommands } from "./network-policy.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";

/** `network`: try the exchange with another server step by step, and say with whom there is any. */
export function networkCommand(io: Io, finish: Finish): Command {
  const command = new Command("network").description("look after the exchange with other servers");
  command
    .command("test")
    .description("follow, accept, deliver and reply with another server, and say where it breaks")
    .argument("<host>", "the other server, e.g. velo.example")
    .requiredOption("--instance <host>", "the instance of this deployment that tests")
    .option("--account <name@host>", "an account there whose owner agrees to get a test message")
    .addHelpText("after", help)
    .action((host: string, { instance, account }: { instance: string; account?: string }) =>
      finish(withApp(io, (app) => test(app, { instance, host, account: account ?? null }))),
    );
  addPolicyCommands(command, io, finish);
  return command;
}

const help = `
The server has to run meanwhile: it takes in what the other one answers. Nobody is disturbed there, and
nothing of the test is left. Exit code 1 when a step fails.

Example:
  npm run parvis -- network test velo.example --instance parvis.example`;

interface Asked {
  readonly instance: string;
  readonly host: string;
  readonly account: string | null;
}

async function test(app: App, { instance: named, host, account }: Asked): Promise<Answer> {
  const instance = await instanceNamed(app, named);
  if (instance.state !== "active") {
    throw new CommandFailed(`${instance.host} is not active, so it cannot be tested.`);
  }
  const ctx = actingFor(app, instance).inLanguage("en");
  const tested = await app.federation.testPeer(ctx, host, account);
  if (tested === null)
    throw new CommandFailed(`${host} is being tested already. Look at that test.`);
  const lines = tested.steps.flatMap(({ state, what, why, hint, detail }) => [
    `${state.padEnd(8)}  ${what}${detail === null ? "" : ` (${detail})`}`,
    ...(why === null ? [] : [`          ${why}`, `          → ${hint ?? ""}`]),
  ]);
  return {
    text: `${lines.join("\n")}\n`,
    json: { instance: instance.host, host: tested.host, ok: tested.ok, steps: tested.steps },
    ok: tested.ok,
  };
}
