import { readFile, stat } from "node:fs/promises";
import { Argument, Option, type Command } from "commander";
import type { App } from "../app.js";
import { exportBlocks, importBlocks, BadList } from "../federation/policy/csv.js";
import { readSettings } from "../federation/policy/policy.js";
import { modes, type Mode } from "../federation/policy/records.js";
import {
  allow,
  block,
  changeSettings,
  disallow,
  unblock,
  whoMeant,
} from "../federation/policy/rules.js";
import type { Ctx } from "../kit/index.js";
import { cutText } from "../kit/text/sanitize.js";
import { actingFor, instanceNamed, instanceToChange, withApp } from "./deployment.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";

interface Of {
  readonly instance: string;
}

type Work<O extends Of> = (app: App, ctx: Ctx, options: O) => Promise<Answer>;

/** `network mode|allow|disallow|block|limit|unblock|import|export`: with whom an instance talks. */
export function addPolicyCommands(network: Command, io: Io, finish: Finish): void {
  const add = (name: string, description: string): Command =>
    network
      .command(name)
      .description(description)
      .requiredOption("--instance <host>", "the instance of this deployment")
      .addHelpText("after", help);
  const run = <O extends Of>(options: O, work: Work<O>, find = instanceToChange): Promise<void> =>
    finish(
      withApp(io, async (app) => {
        const instance = await find(app, options.instance);
        return work(app, actingFor(app, instance), options);
      }),
    );

  add("mode", "say, or change, with whom it exchanges at all")
    .addArgument(new Argument("[mode]", "what it shall be").choices(modes))
    .addOption(
      new Option("--signed-reads <yes or no>", "give documents only to who signs for them").choices(
        ["yes", "no"],
      ),
    )
    .action((mode: Mode | undefined, options: ModeOptions) =>
      run(
        options,
        (app, ctx) => changeMode(app, ctx, mode, options),
        mode === undefined && options.signedReads === undefined ? instanceNamed : instanceToChange,
      ),
    );
  for (const name of ["allow", "disallow"] as const) {
    add(name, `${name === "allow" ? "put on" : "take off"} the list of hosts it exchanges with`)
      .argument("<host>", "a host; its subdomains are meant as well")
      .action((host: string, options: Of) =>
        run(options, (app, ctx) => changeList(app, ctx, name, host)),
      );
  }
  for (const name of ["block", "limit"] as const) {
    add(name, name === "block" ? "exchange nothing with a host" : "hold what comes from a host")
      .argument("<who>", "a host with its subdomains, or the address of one actor")
      .option("--reason <text>", "for everybody to read")
      .option("--note <text>", "for administrators alone")
      .action((who: string, options: BlockOptions) =>
        run(options, (app, ctx) => keepAway(app, ctx, name, { who, ...options })),
      );
  }
  add("unblock", "lift a block or a limit")
    .argument("<who>", "as it was blocked or limited")
    .action((who: string, options: Of) =>
      run(options, async (app, ctx) => {
        const meant = named(ctx, who);
        await unblock(app.federation.rules, ctx, meant);
        return answered(ctx, `${meant} is neither blocked nor limited.`, { who: meant });
      }),
    );
  add("import", "take over a list of blocks (CSV, as Mastodon exports it)")
    .argument("<file>", "the list")
    .action((file: string, options: Of) => run(options, (app, ctx) => importFile(app, ctx, file)));
  add("export", "write the blocks as such a list").action((options: Of) =>
    run(options, (_app, ctx) => exportList(ctx), instanceNamed),
  );
}

const help = `
Examples:
  npm run parvis -- network mode allow-list --instance parvis.example
  npm run parvis -- network block flood.example --instance parvis.example --reason "Flood"

A running server knows within ten seconds; it also ends the follows of who was blocked.`;

interface ModeOptions extends Of {
  readonly signedReads?: "yes" | "no";
}

interface BlockOptions extends Of {
  readonly reason?: string;
  readonly note?: string;
}

/** The longest list that is read. */
const mostBytes = 2 * 1024 * 1024;

async function exportList(ctx: Ctx): Promise<Answer> {
  const text = await exportBlocks(ctx);
  return { text, json: { instance: ctx.instance.host, csv: text } };
}

function answered(ctx: Ctx, text: string, json: object): Answer {
  return { text: `${text}\n`, json: { instance: ctx.instance.host, ...json } };
}

function named(ctx: Ctx, typed: string): string {
  const who = whoMeant(ctx, typed);
  if (who !== null) return who;
  throw new UsageMistake(`"${typed}" is no host such as flood.example, nor an actor's address.`);
}

async function changeMode(
  app: App,
  ctx: Ctx,
  wanted: Mode | undefined,
  { signedReads: typed }: ModeOptions,
): Promise<Answer> {
  const now = await readSettings(ctx);
  const mode = wanted ?? now.mode;
  const signedReads = typed === undefined ? now.signedReads : typed === "yes";
  if (wanted !== undefined || typed !== undefined) {
    const from = { mode: now.mode, signedReads: now.signedReads };
    await changeSettings(app.federation.rules, ctx, { mode, signedReads, from });
  }
  const reads = signedReads || mode === "allow-list" ? "only to who signs" : "to everybody";
  const text = `${ctx.instance.host}: ${mode}; documents are given ${reads}.`;
  return answered(ctx, text, { mode, signedReads });
}

async function changeList(
  app: App,
  ctx: Ctx,
  act: "allow" | "disallow",
  typed: string,
): Promise<Answer> {
  const host = named(ctx, typed);
  if (host.includes("/")) throw new UsageMistake(`"${typed}" is no host.`);
  await (act === "allow" ? allow : disallow)(app.federation.rules, ctx, host);
  const stands = act === "allow" ? "is on the list" : "is not on the list";
  return answered(ctx, `${host} ${stands}.`, { host, allowed: act === "allow" });
}

async function keepAway(
  app: App,
  ctx: Ctx,
  act: "block" | "limit",
  { who: typed, reason, note }: BlockOptions & { readonly who: string },
): Promise<Answer> {
  const who = named(ctx, typed);
  const severity = act === "block" ? "blocked" : "limited";
  await block(app.federation.rules, ctx, {
    ...{ who, severity },
    ...(reason === undefined ? {} : { publicReason: cutText(reason, 500) }),
    ...(note === undefined ? {} : { privateReason: cutText(note, 500) }),
  });
  return answered(ctx, `${who} is ${severity}.`, { who, severity });
}

async function importFile(app: App, ctx: Ctx, file: string): Promise<Answer> {
  const { size } = await stat(file);
  if (size > mostBytes) throw new CommandFailed("The list is longer than 2 MB.");
  try {
    const done = await importBlocks(app.federation.rules, ctx, await readFile(file, "utf8"));
    const lines = done.skipped.map(({ line, why }) => `line ${line} was not taken: ${why}`);
    const text = [`${done.taken} taken.`, ...lines].join("\n");
    return { ...answered(ctx, text, done), ok: done.skipped.length === 0 };
  } catch (error) {
    if (!(error instanceof BadList)) throw error;
    const why = error.why === "empty" ? "names no column #domain" : "has more than 10,000 lines";
    throw new CommandFailed(`The list ${why}.`);
  }
}
