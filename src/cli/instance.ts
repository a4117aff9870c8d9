import { Command, Option } from "commander";
import { z } from "zod";
import type { App } from "../app.js";
import { foundInstance } from "../features/set-up/founding.js";
import { handleField } from "../features/set-up/set-up.feature.js";
import { asciiHost } from "../drivers/web-address.js";
import { handleFrom } from "../hosting/instances.js";
import { hostName } from "../hosting/resolve-host.js";
import { line } from "../kit/index.js";
import { withApp } from "./deployment.js";
import { addLifeCommands, shownInstance } from "./instance-life.js";
import { addLimitsCommand } from "./instance-limits.js";
import { UsageMistake, type Answer, type Finish, type Io } from "./io.js";

const newInstance = z.object({
  origin: z
    .url({ protocol: /^https?$/, error: "must be an address such as https://parvis.example" })
    .transform((value) => new URL(value))
    .refine((url) => url.pathname === "/" && url.search === "" && url.hash === "", {
      message: "must be an origin such as https://parvis.example, without a path",
    })
    .refine((url) => url.username === "" && url.password === "", {
      message: "must not hold a user name or password",
    })
    .transform((url) => url.origin),
  name: line(2, 80),
  kind: z.enum(["city", "association"]),
  language: z.enum(["fr", "en"]),
  handle: handleField.optional(),
  alias: z.array(
    z
      .string()
      .transform(asciiHost)
      .refine((value) => hostName(value) === value.toLowerCase(), {
        message: "must be a host name such as www.parvis.example",
      }),
  ),
});

/** `instance create|list`, and what becomes of one. */
export function instanceCommand(io: Io, finish: Finish): Command {
  const instance = new Command("instance").description("the instances of this deployment");
  instance.addCommand(createCommand(io, finish));
  instance
    .command("list")
    .description("show every instance")
    .action(() => finish(withApp(io, (app) => listInstances(app))));
  addLifeCommands(instance, io, finish);
  addLimitsCommand(instance, io, finish);
  return instance;
}

function createCommand(io: Io, finish: Finish): Command {
  return new Command("create")
    .description("make an instance; it is active as soon as it has topics to begin with")
    .requiredOption("--origin <url>", "its permanent address, e.g. https://parvis.example")
    .requiredOption("--name <name>", "what it is called, e.g. the city's name")
    .addOption(
      new Option("--kind <kind>", "who speaks there")
        .choices(["city", "association"])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--language <code>", "language of pages and mails")
        .choices(["fr", "en"])
        .default("fr"),
    )
    .option("--handle <handle>", "name on the network, as in @handle@host; made of the name")
    .option("--alias <host...>", "other host names that lead there")
    .addHelpText("after", createHelp)
    .action((given: object) => {
      const parsed = newInstance.safeParse({ alias: [], ...given });
      if (parsed.success) return finish(withApp(io, (app) => createInstance(app, parsed.data)));
      const mistakes = parsed.error.issues.map(
        ({ path: [field], message }) => `--${String(field)}: ${plain(String(field), message)}`,
      );
      throw new UsageMistake(mistakes.join("\n"));
    });
}

function plain(field: string, message: string): string {
  if (field === "name") return "2 to 80 characters are needed";
  return message === "refusals.handle"
    ? "must be 1 to 30 of a-z, 0-9 and _, and not a reserved name such as admin"
    : message;
}

const createHelp = `
Its address cannot be changed later: other servers know every proposal by it. Stopped on its way, the
command is run again as it was.

Examples:
  npm run parvis -- instance create --origin https://parvis.example --name "Ville d'Exemple" --kind city
  npm run parvis -- instance create --origin https://velo.example --name "Vélo pour tous" \\
      --kind association --handle velo --alias www.velo.example`;

async function createInstance(app: App, input: z.infer<typeof newInstance>): Promise<Answer> {
  const { alias: aliases, handle = handleFrom(input.name), ...rest } = input;
  if (!handleField.safeParse(handle).success) {
    throw new UsageMistake(`--handle: choose one; "${handle}", made of the name, is reserved.`);
  }
  const made = await foundInstance(app, { ...rest, handle, aliases });
  return {
    text: [
      `${made.name} is ready at ${made.origin}. Next, give it an administrator:`,
      `  npm run parvis -- admin create --instance ${made.host} --mail you@example.org --name "Your name"`,
      "",
    ].join("\n"),
    json: shownInstance(made),
  };
}

async function listInstances(app: App): Promise<Answer> {
  const all = [];
  for await (const instance of app.instances.list()) all.push(instance);
  const lines = all.map(
    ({ state, kind, language, origin, name }) =>
      `${state.padEnd(9)}  ${kind.padEnd(11)}  ${language}  ${origin}  ${name}`,
  );
  const text = lines.length === 0 ? `There is no instance yet.` : lines.join("\n");
  return { text: `${text}\n`, json: all.map(shownInstance) };
}
