import { connect } from "node:net";
import fc from "fast-check";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { publishComment } from "../../src/features/comments/comments.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { features } from "../../src/features.js";
import type { DeadRow } from "../../src/drivers/queue/queue-tables.js";
import { queueNames } from "../../src/kit/work.js";
import { aDraft, aTopic } from "../support/builders.js";
import { aBrowser } from "../support/deployment.js";
import { aSite, type Site } from "../support/site.js";
import {
  heapAfterCollection,
  reporting,
  reportTo,
  tellDone,
  unforeseen,
} from "./support/fuzz-report.js";
import { bytesOf, odds, type Ground, type Odd } from "./support/fuzz-requests.js";

const [seed = 1, count = 10_000] = process.argv.slice(2).map(Number);
const batch = 50;
/** The heap is measured after so many batches. */
const sampled = 10;
const [name, mail, password] = ["Camille", "camille@mail.example", "une longue phrase"] as const;

/** All statuses of the answers to some bytes; none when the server only hung up. */
function statusesOf(port: number, bytes: Buffer): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const done = (): void => {
      clearTimeout(timer);
      const found = [...text.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3}) /g)];
      resolve(found.map(([, status]) => Number(status)));
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer after 20 s to\n${bytes.toString().slice(0, 2_000)}`));
    }, 20_000);
    socket.setEncoding("latin1").on("data", (chunk: string) => void (text += chunk));
    socket.once("error", () => undefined).once("close", done);
    socket.end(bytes);
  });
}

async function groundOf(site: Site): Promise<Ground> {
  const roles = ["citizen", "moderator", "official", "admin"] as const;
  const account = await createAccount(site.ctx, { name, mail, password, roles, confirmed: true });
  const { host, port } = new URL(site.origin);
  const browser = aBrowser(Number(port), host);
  await browser.submit("/sign-in", { mail, password });
  const me = site.as({ _id: account._id, name, roles: account.roles, language: "fr" });
  const topic = await aTopic(me);
  const proposal = await publishProposal(me, aDraft({ topicId: topic._id }));
  const comment = await publishComment(me, {
    ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
  });
  await site.later(1_000);
  const routes = features.flatMap((feature) => feature.routes);
  const paths = (method: string): string[] =>
    routes.filter((route) => route.method === method).map(({ path }) => path);
  return {
    host,
    gets: [...paths("GET"), "/admin/network", "/admin/network/refused", "/nowhere"],
    posts: paths("POST").filter((path) => path !== "/sign-out"),
    ids: ["1", "2", proposal._id, comment._id, topic.slug, topic._id, account._id, "x"],
    cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    token: await browser.token("/profile"),
  };
}

async function fuzz(): Promise<void> {
  const site = await aSite();
  const ground = await groundOf(site);
  const port = Number(new URL(site.origin).port);
  const statuses = new Map<number, number>();
  const heap: number[] = [];
  let runs = 0;
  const send = async (odd: Odd): Promise<void> => {
    const bytes = bytesOf(odd, ground);
    for (const status of await statusesOf(port, bytes)) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status < 500) continue;
      throw new Error(`answered ${status} to\n${bytes.toString().slice(0, 3_000)}`);
    }
  };
  const round = async (all: readonly Odd[]): Promise<void> => {
    await Promise.all(
      [0, 1, 2, 3, 4].map(async (lane) => {
        for (let at = lane; at < all.length; at += 5) {
          const odd = all[at];
          if (odd !== undefined) await send(odd);
        }
      }),
    );
    await site.later(1_000);
    runs += 1;
    if (runs % sampled === 0) heap.push(heapAfterCollection());
    tellDone(runs * batch);
  };
  await fc.assert(fc.asyncProperty(fc.array(odds, { minLength: batch, maxLength: batch }), round), {
    numRuns: Math.ceil(count / batch),
    seed,
    endOnFailure: true,
  });
  for (let n = 0; n < 12; n += 1) await site.later(3_600_000);
  const { store, queue } = site.app.drivers;
  const dead = await store.collection<DeadRow>("queue_dead").find({}, { limit: 20 }).toArray();
  reportTo({
    ...{ seed, count: runs * batch, statuses: Object.fromEntries(statuses), heap, unforeseen },
    queues: await Promise.all(queueNames.map((name) => queue.counts(name))),
    dead: dead.map(({ name, error }) => `${name}: ${error}`),
    token: ground.token !== "",
    alive: (await fetch(`${site.origin}/proposals`)).status,
  });
}

await reporting(fuzz);
