import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Request, type Response } from "express";
import type { Changes } from "../../src/drivers/store/collection.js";
import { createKeptAnswers, sendAnswer } from "../../src/hosting/web/kept-answers.js";
import { stateOf } from "../../src/hosting/web/state.js";
import type { Instance } from "../../src/kit/index.js";
import { aClock } from "./city.js";

/** Counts something, for whoever waits until it has happened so often. */
interface Count {
  readonly now: number;
  reaches(wanted: number): Promise<void>;
}

/** A server of nothing but kept pages. */
export interface KeptSite {
  /** The address of a page. */
  url(page: string): string;
  /** A page's text. */
  ask(page: string): Promise<string>;
  /** Those who asked so far, of whom each was answered, makes the page or waits for it. */
  readonly asked: Count;
  /** Pages that were begun to be made. */
  readonly made: Count;
}

/** What it is made of. */
export interface KeptSiteWish {
  /** Makes a page and sends it. */
  readonly answer: (req: Request, res: Response) => Promise<void> | void;
  readonly changes?: Changes;
  readonly patienceMs?: number;
}

const nothingChanges: Changes = { elsewhere: () => 0, here: () => 0 };
const open = new Set<() => void>();

/** Start one. End it with `afterEach(closeKeptSites)`. */
export async function aKeptSite(wish: KeptSiteWish): Promise<KeptSite> {
  const { answer, changes = nothingChanges, patienceMs = 60_000 } = wish;
  const [asked, made] = [counting(), counting()];
  const parts = { clock: aClock(), changes, patienceMs, onlyReads: () => true };
  const app = express();
  app.use((req, res, next) => {
    req.cookies = {};
    Object.assign(stateOf(res), { instance: { _id: "a", language: "fr" } as Instance });
    next();
  }, createKeptAnswers(parts).serve);
  app.get("/:page", async (req, res) => {
    const answered = answer(req, res);
    made.add();
    await answered;
  });
  const server = createServer((req, res) => {
    app(req, res);
    asked.add();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.add(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const url = (page: string): string => `http://127.0.0.1:${port}/${page}`;
  return { url, ask: async (page) => (await fetch(url(page))).text(), asked, made };
}

function counting(): Count & { add(): void } {
  const state = { count: 0, told: (): void => undefined };
  return {
    get now() {
      return state.count;
    },
    add() {
      state.count += 1;
      state.told();
    },
    reaches: (wanted) =>
      new Promise((resolve) => {
        state.told = () => {
          if (state.count >= wanted) resolve();
        };
        state.told();
      }),
  };
}

/** Sends a page and keeps it, as a reply does. */
export function sendKept(res: Response, html: string): void {
  const answer = stateOf(res).keep?.(html, null);
  if (answer === undefined) res.send(html);
  else sendAnswer(res, answer);
}

/** End every site of the test that just ended. */
export function closeKeptSites(): void {
  for (const close of open) close();
  open.clear();
}
