import { Command } from "commander";
import { withApp } from "./deployment.js";
import type { Answer, Finish, Io } from "./io.js";

/** `migrate`: brings stored data and indexes up to this version. */
export function migrateCommand(io: Io, finish: Finish): Command {
  return new Command("migrate")
    .description(
      "bring stored data and indexes up to this version (the server also does, at start)",
    )
    .addHelpText("after", "\nExample: npm run parvis -- migrate")
    .action(() =>
      finish(
        withApp(io, async ({ migrated }): Promise<Answer> => {
          const text =
            migrated.length === 0
              ? "Everything is up to date.\n"
              : `${migrated.map((name) => `done  ${name}`).join("\n")}\n`;
          return { text, json: { migrated } };
        }),
      ),
    );
}
