import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "undici";
import { engineName } from "../../support/engine.js";
import type { Order } from "../killed.child.js";
import type { SignedPost } from "./peer.js";
import type { Town } from "./town.js";

/** The process of a town that can be killed. */
export interface Killable {
  /** Resolves with the answer to an order; with undefined when the process died instead. */
  ask(order: Order): Promise<unknown>;
  /** The status of the answer to a POST; null when there came none. */
  post(signed: SignedPost): Promise<number | null>;
  /** Whether it has killed itself. */
  readonly isDead: boolean;
  /** End it without warning. */
  kill(): Promise<void>;
}

/** What a town's processes are started with. */
export interface KillableParts {
  /** `killed.child.ts`, built. */
  readonly program: string;
  /** Founded by the test, which only looks: its workers sleep. */
  readonly town: Town;
  readonly file: string;
  /** Whatever was started is gathered here, to be ended when a test fails half-way. */
  readonly started: Set<Killable>;
}

/** Start a process for a town that is kept in a file, at the time of its clock. */
export async function killable({ program, town, file, started }: KillableParts): Promise<Killable> {
  const { MONGODB_URL: server, ...others } = process.env;
  const env = engineName === "servers" ? { ...others, MONGODB_URL: server } : others;
  const now = town.clock.now().toISOString();
  const running = fork(program, [file, town.origin, now], { env, execArgv: [] });
  const ended = once(running, "exit");
  const heard = async (): Promise<unknown> => {
    const message = once(running, "message").then(([said]) => (said as { answer: unknown }).answer);
    return Promise.race([message, ended.then(() => undefined)]);
  };
  const door = String(await heard());
  const one: Killable = {
    get isDead() {
      return running.signalCode === "SIGKILL";
    },
    ask(order) {
      const answer = heard();
      running.send(order, () => undefined);
      return answer;
    },
    async post({ url, body, headers }) {
      const { pathname, host } = new URL(url);
      const all = { ...headers, host };
      const asked = { method: "POST", body, headers: all } as const;
      const answer = await request(door + pathname, asked).catch(() => null);
      await answer?.body.dump();
      return answer?.statusCode ?? null;
    },
    async kill() {
      started.delete(one);
      running.kill("SIGKILL");
      await ended;
    },
  };
  started.add(one);
  return one;
}
