import { basename } from "node:path";
import { Command } from "commander";
import type { App } from "../app.js";
import { importProposals, type ImportReport } from "../features/imports/imports.js";
import { maxLine } from "../features/imports/row.js";
import { line } from "../kit/index.js";
import { actingFor, openInstance, withApp } from "./deployment.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";
import { openLines, type LineFile } from "./lines.js";
import { createProgress } from "./progress.js";
import { stoppable } from "./stoppable.js";

interface Given {
  readonly instance: string;
  readonly source?: string;
}

/** `import`: bring in the proposals of another site. */
export function importCommand(io: Io, finish: Finish): Command {
  return new Command("import")
    .description("bring in proposals with their comments, supports and answers")
    .argument("<file>", "a line of JSON for each proposal, in UTF-8; may be gzipped")
    .requiredOption("--instance <host>", "host of the instance that takes them")
    .option("--source <name>", "name of their origin; the file's own name unless given")
    .addHelpText("after", help)
    .action((file: string, given: Given) => finish(runImport(io, file, given)));
}

const help = `
The file is read to its end before anything is stored. Good lines are stored; bad ones are left out and
listed with their number and cause. It may be stopped at any time and run again: what is there already,
known by --source and its code, is left as it is.
Nothing is sent to anybody about what is brought in.

Examples:
  npm run parvis -- import proposals.ndjson.gz --instance parvis.example
  npm run parvis -- import proposals.ndjson --instance parvis.example --source old-site`;

async function runImport(io: Io, path: string, given: Given): Promise<Answer> {
  const named = given.source ?? basename(path).replace(/\.(?:gz|ndjson|jsonl|json)\b/g, "");
  const source = line(1, 60).safeParse(named);
  if (!source.success) throw new UsageMistake("--source: 1 to 60 characters are needed.");
  const file = await openLines(path);
  return withApp(io, (app) => importFile(io, app, file, { ...given, source: source.data }));
}

async function importFile(
  io: Io,
  app: App,
  file: LineFile,
  { instance: host, source }: Required<Given>,
): Promise<Answer> {
  const instance = await openInstance(app, host);
  const progress = createProgress(io);
  const show = (said: string): void => progress.show(file.bytesRead() / file.size, said);
  const onProgress = (sofar: ImportReport): void => show(words(sofar));
  try {
    return await stoppable(io, async (signal) => {
      // What is converted has another name, and by that another source: nothing of this one is stored then.
      for await (const _line of until(signal, file.lines(maxLine))) show("checking");
      const lines = until(signal, file.lines(maxLine));
      const bringIn = importProposals(actingFor(app, instance), lines, { source, onProgress });
      const report = await bringIn.catch((error: unknown) => {
        progress.clear();
        io.err("What was brought in so far is kept; run the same command again to go on.\n");
        throw error;
      });
      return answerOf(report, signal.aborted);
    });
  } finally {
    progress.clear();
  }
}

async function* until(signal: AbortSignal, lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const one of lines) {
    if (signal.aborted) return;
    yield one;
  }
}

function words({ proposals, comments, known, refused }: ImportReport): string {
  const parts = [`${proposals} proposals`, `${comments} comments`];
  if (known > 0) parts.push(`${known} known`);
  if (refused > 0) parts.push(`${refused} left out`);
  return parts.join(", ");
}

const shownErrors = 20;

function answerOf(report: ImportReport, stopped: boolean): Answer {
  const { lines, proposals, comments, responses, supports, known, refused, errors } = report;
  if (lines > 0 && refused === lines) {
    const [first] = errors;
    throw new CommandFailed(
      `No line could be understood; line ${first?.line ?? 1}: ${first?.cause ?? ""}.`,
    );
  }
  const text = [
    `Brought in: ${proposals} proposals, ${comments} comments, ${responses} answers, ${supports} supports.`,
    ...(known > 0 ? [`There already: ${known} proposals.`] : []),
    ...(refused > 0 ? [`Left out: ${refused} of ${lines} lines.`] : []),
    ...errors.slice(0, shownErrors).map((error) => `  line ${error.line}: ${error.cause}`),
    ...(refused > shownErrors ? [`  … and ${refused - shownErrors} more (see --json)`] : []),
    ...(stopped ? ["Stopped before the end; run the same command again to go on."] : []),
    "",
  ];
  return { text: text.join("\n"), json: { ...report, stopped }, ok: refused === 0 && !stopped };
}
