import { Command } from "commander";
import type { App } from "../app.js";
import { Refusal } from "../kit/index.js";
import { actingFor, instanceNamed, withApp } from "./deployment.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";

interface Given {
  readonly instance: string;
  readonly actor?: string;
}

/** `actor rotate-keys`: exchange the keys that an instance signs with. */
export function actorCommand(io: Io, finish: Finish): Command {
  const actor = new Command("actor").description("what other servers know an instance by");
  actor
    .command("rotate-keys")
    .description("exchange signing keys, for instance after a backup was lost")
    .requiredOption("--instance <host>", "the instance of this deployment")
    .option("--actor <handle>", "one actor, such as p42; without it the instance's own two")
    .addHelpText("after", help)
    .action((given: Given) => finish(withApp(io, (app) => rotateKeys(app, given))));
  return actor;
}

const help = `
The running server makes the new keys and tells followers of them. Former keys still sign for an hour,
so that nothing on its way is lost, and are then destroyed.

Examples:
  npm run parvis -- actor rotate-keys --instance parvis.example
  npm run parvis -- actor rotate-keys --instance parvis.example --actor topic_nature`;

async function rotateKeys(app: App, { instance: host, actor }: Given): Promise<Answer> {
  const instance = await instanceNamed(app, host);
  if (instance.state !== "active") {
    throw new CommandFailed(`${instance.host} is not active, so it signs nothing.`);
  }
  try {
    const actors = await app.federation.rotateKeys(actingFor(app, instance), actor ?? null);
    const text = `The running server exchanges the keys of:\n${actors.map((uri) => `  ${uri}\n`).join("")}`;
    return { text, json: { instance: instance.host, actors } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new CommandFailed(`Nobody on ${instance.host} is called "${actor ?? ""}".`);
  }
}
