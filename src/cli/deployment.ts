import { createApp, driversFor, type App } from "../app.js";
import { isHalfMade } from "../features/set-up/founding.js";
import { createLog } from "../hosting/log.js";
import { loadConfig, type Config } from "../config.js";
import type { Ctx, Instance } from "../kit/index.js";
import { hostName } from "../hosting/resolve-host.js";
import { CommandFailed, type Io } from "./io.js";
import type { Store } from "../drivers/store/collection.js";
import { nameOfStore } from "../drivers/store/open.js";
import { isEmpty } from "../drivers/store/parts.js";
import { asciiHost, readUrl } from "../drivers/web-address.js";

/** The configuration of the deployment that a command is about. */
export function configOf(io: Io): Config {
  return loadConfig(io.env);
}

/**
 * Work on the deployment's store, beside a server that may be running: no worker is started, what a
 * command leaves to be done is done by the server. Logs go to `err`, warnings and worse alone.
 */
export async function withApp<R>(
  io: Io,
  work: (app: App, config: Config) => Promise<R>,
): Promise<R> {
  // A command answers no request and runs no job: there is nothing to trace.
  const config = { ...configOf(io), traces: null };
  const logLevel = config.logLevel === "info" ? "warn" : config.logLevel;
  const log = createLog({ logLevel }, { write: io.err });
  const drivers = await driversFor(config, log, "command");
  const app = await createApp(config, drivers);
  try {
    return await work(app, config);
  } finally {
    await app.close();
  }
}

/** Throws `CommandFailed` when there is nothing in a store: its name was mistyped, and another one is meant. */
export async function refuseEmpty(store: Store, where: string): Promise<void> {
  if (!(await isEmpty(store))) return;
  throw new CommandFailed(
    `${nameOfStore(where)} holds nothing: is this where the records of the deployment are?`,
  );
}

/** The instance a command names by its host, an alias or its address. */
export async function instanceNamed(app: App, typed: string): Promise<Instance> {
  const name = readUrl(typed)?.hostname ?? hostName(asciiHost(typed));
  const found = name === null || name === "" ? null : await app.instances.byHost(name);
  if (found !== null) return found;
  throw new CommandFailed(
    `No instance is called "${typed}". "instance list" shows those that exist.`,
  );
}

/**
 * The same, to write into it. Of one that has been removed nothing would be removed again; one that is deleted has
 * to come back first.
 */
export async function instanceToChange(app: App, typed: string): Promise<Instance> {
  const instance = await instanceNamed(app, typed);
  const { host, state, deletion } = instance;
  if (state !== "deleted" && state !== "leaving" && state !== "gone") return instance;
  const mayComeBack =
    state === "deleted" && deletion != null && deletion.until > app.drivers.clock.now();
  const why = mayComeBack
    ? `bring it back first, with instance undelete ${host}`
    : "it cannot come back, and nothing is written there any more";
  throw new CommandFailed(`${host} was deleted: ${why}.`);
}

/** The same, to work on as somebody who uses it does: it is served or suspended. */
export async function openInstance(app: App, typed: string): Promise<Instance> {
  const instance = await instanceToChange(app, typed);
  if (instance.state !== "new") return instance;
  throw new CommandFailed(`${instance.host} ${waitsFor(instance).join(": ")}.`);
}

/** What an instance waits for that is `new`, and what to do about it. */
export function waitsFor(instance: Instance): readonly [what: string, remedy: string] {
  return isHalfMade(instance)
    ? ["was not made to its end", "run instance create again as it was"]
    : ["still waits to be set up", "open the link that the server prints when it starts"];
}

/** What use cases need to act for an instance, with nobody signed in. */
export function actingFor(app: App, instance: Instance): Ctx {
  return app.contexts({ instance, member: null, language: instance.language });
}
