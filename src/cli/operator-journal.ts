import type { Command } from "commander";
import type { App } from "../app.js";
import { journalLine } from "../features/operators/journal.js";
import type { JournalEntry } from "../features/operators/operator.js";
import { instanceNamed, withApp } from "./deployment.js";
import { UsageMistake, type Answer, type Finish, type Io } from "./io.js";

interface Given {
  readonly limit: string;
  readonly before?: string;
  readonly instance?: string;
}

/** `operator journal`: what was done by operators, and by whoever ran commands. */
export function addJournalCommand(operator: Command, io: Io, finish: Finish): void {
  operator
    .command("journal")
    .description("show what operators and commands changed, the newest first; a year of it is kept")
    .option("--limit <number>", "how many lines, 1 to 1000", "50")
    .option("--before <id>", "go on behind this line, as --json gives its id")
    .option("--instance <host>", "only what is about this instance")
    .addHelpText("after", help)
    .action((given: Given) => finish(withApp(io, (app) => journal(app, given))));
}

const help = `
Examples:
  npm run parvis -- operator journal
  npm run parvis -- operator journal --instance parvis.example
  npm run parvis -- operator journal --limit 1000 --json`;

async function journal(app: App, { limit: typed, before, instance }: Given): Promise<Answer> {
  const limit = Number(typed);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw new UsageMistake("--limit: must be a whole number from 1 to 1000.");
  }
  const host = instance === undefined ? null : (await instanceNamed(app, instance)).host;
  const entries = await app.operators.operators.journal({ limit, before: before ?? null, host });
  const none = "Nothing was changed, as far as is remembered.\n";
  return {
    text: entries.length === 0 ? none : entries.map((entry) => lineOf(app, entry)).join(""),
    json: entries.map(({ _id, at, by, deed, isVain = false }) => ({
      ...{ id: _id, at, by, deed, changedNothing: isVain },
    })),
  };
}

function lineOf({ translatorFor }: App, entry: JournalEntry): string {
  const words = translatorFor("en", "UTC", "city");
  const { at, who, what, about, note } = journalLine(words, entry);
  const time = at.toISOString().slice(0, 16).replace("T", " ");
  return `${time}  ${who}\n  ${what} ${about}\n${note === null ? "" : `  ${note}\n`}`;
}
