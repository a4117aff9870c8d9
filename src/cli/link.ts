import { Command } from "commander";
import type { App } from "../app.js";
import { actingFor, instanceNamed, withApp } from "./deployment.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";

/** `link`: ask another instance to exchange proposals and answers. */
export function linkCommand(io: Io, finish: Finish): Command {
  return new Command("link")
    .description("ask another instance to exchange proposals and official answers")
    .argument("<address>", "the other site's address, or its name@host")
    .requiredOption("--instance <host>", "the instance of this deployment that asks")
    .addHelpText("after", help)
    .action((address: string, { instance }: { instance: string }) =>
      finish(withApp(io, (app) => link(app, instance, address))),
    );
}

const help = `
The request is sent by the running server. Proposals of the other instance arrive once it has accepted;
have it link yours as well, so that each receives what the other publishes.

Examples:
  npm run parvis -- link https://velo.example --instance parvis.example
  npm run parvis -- link @velo@velo.example --instance parvis.example`;

async function link(app: App, host: string, address: string): Promise<Answer> {
  const instance = await instanceNamed(app, host);
  if (instance.state !== "active") {
    throw new CommandFailed(`${instance.host} is not active, so it cannot be linked.`);
  }
  const row = await app.federation.linkInstance(actingFor(app, instance), address);
  const { targetUri, state } = row;
  return {
    text: `${instance.name} asks ${targetUri} to be linked. The running server sends the request.\n`,
    json: { instance: instance.host, target: targetUri, state },
  };
}
