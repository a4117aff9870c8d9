import { InvalidArgumentError, type Command } from "commander";
import type { App } from "../app.js";
import { readSize } from "../drivers/size.js";
import { limitedThings, usageOf, type LimitChanges, type Limits } from "../kit/index.js";
import { actingFor, instanceNamed, withApp } from "./deployment.js";
import { act } from "./instance-life.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";

/** A limit of its own, none, or that of the deployment. */
type Wish = number | "none" | "default";

type Given = { readonly [What in keyof Limits]?: Wish };

/** `instance limits`: shows and changes what an instance may use. */
export function addLimitsCommand(command: Command, io: Io, finish: Finish): void {
  command
    .command("limits")
    .description("show what an instance uses and may use, or change what it may")
    .argument("<host>", "host of the instance")
    .option("--storage <size>", "what its pictures may take up", sizeWish)
    .option("--mails <number>", "mails that it may send in a day", countWish)
    .option("--members <number>", "members that it may have", countWish)
    .addHelpText("after", help)
    .action((host: string, given: Given) =>
      finish(withApp(io, (app) => showLimits(app, host, given))),
    );
}

const help = `
"none" lifts a limit, "default" gives it back that of the deployment (LIMIT_STORAGE, LIMIT_MAILS,
LIMIT_MEMBERS). Its administrators are warned by mail when four fifths are used, at once where they are
already. What is there stays, even beyond a limit.

Examples:
  npm run parvis -- instance limits parvis.example
  npm run parvis -- instance limits parvis.example --storage "2 GB" --mails 5000 --members default`;

function readCount(typed: string): number | null {
  return /^\d{1,9}$/.test(typed) ? Number(typed) : null;
}

const sizeWish = wishOf('A size such as "2 GB"', readSize);
const countWish = wishOf("A whole number", readCount);

function wishOf(what: string, read: (typed: string) => number | null): (typed: string) => Wish {
  return (typed) => {
    if (typed === "none" || typed === "default") return typed;
    const value = read(typed);
    if (value !== null) return value;
    throw new InvalidArgumentError(`${what} is needed, or none, or default.`);
  };
}

async function showLimits(app: App, host: string, given: Given): Promise<Answer> {
  const before = await instanceNamed(app, host);
  const limits: LimitChanges = Object.fromEntries(
    limitedThings.flatMap((what) => {
      const wish = given[what];
      return wish === undefined ? [] : [[what, wish === "none" ? null : wish]];
    }),
  );
  const isChange = Object.keys(limits).length > 0;
  const instance = isChange ? await act(app, before, { act: "limits", limits }) : before;
  if (instance === null) {
    throw new CommandFailed(
      `${before.host} was deleted, or has changed meanwhile: nothing was done.`,
    );
  }
  const ctx = actingFor(app, instance);
  const used = await usageOf(ctx);
  const lines = limitedThings.map((what) => {
    const limit = ctx.limits[what];
    const whose = instance.limits !== undefined && what in instance.limits ? "its own" : "default";
    const most = limit === null ? ", no limit" : ` of ${shown(what, limit)}`;
    return `${what}: ${shown(what, used[what])}${most} (${whose})`;
  });
  return {
    text: `${lines.join("\n")}\n`,
    json: { host: instance.host, used, limits: ctx.limits, own: instance.limits ?? {} },
  };
}

const units = { storage: " MB", mails: " a day", members: "" } as const;

function shown(what: keyof Limits, value: number): string {
  const figure = what === "storage" ? (value / 1e6).toFixed(1) : String(value);
  return `${figure}${units[what]}`;
}
