import { setTimeout as pause } from "node:timers/promises";
import { aBrowser, type Answer, type Browser } from "../support/deployment.js";
import { formsIn, type FormInPage } from "../support/forms.js";
import type { Peer, PeerActor } from "../federation/support/peer.js";
import type { Ground } from "./ground.js";
import { isFailure, type Failure } from "./journal.js";

/** Whatever was accepted: 202 by the inbox, 303 by a page; and what was asked without an answer. */
export interface Accepted {
  /** Actors and the proposals that they support, from elsewhere. */
  readonly likes: Array<{ readonly actor: string; readonly proposalUri: string }>;
  /** Ids of notes that were sent. */
  readonly notes: string[];
  readonly follows: Array<{ readonly actor: string; readonly object: string }>;
  /** Titles of proposals, texts of comments, of answers; of members. */
  readonly proposals: string[];
  readonly comments: string[];
  readonly answers: string[];
  readonly supports: Array<{ readonly memberId: string; readonly proposalId: string }>;
  /** How often there came no answer, or another one than was hoped for. */
  unanswered: number;
  /** How often a page answered which status instead. */
  readonly refused: Map<string, number>;
  /** Answers that nobody may be given. */
  readonly failures: Failure[];
}

/** Nothing yet. */
export function nothingAccepted(): Accepted {
  const lists = { likes: [], notes: [], follows: [], proposals: [], comments: [] };
  return { ...lists, answers: [], supports: [], unanswered: 0, refused: new Map(), failures: [] };
}

const host = "127.0.0.1";
const answerWithinMs = 15_000;

/** Who takes part, in what, and until when. */
export interface Working {
  readonly ground: Ground;
  readonly accepted: Accepted;
  readonly random: () => number;
  readonly until: number;
  /** Of what is said, counted so that no two are alike. */
  said: number;
}

/** Everybody takes part until the time is over; what was begun is ended. */
export async function load(working: Working): Promise<void> {
  const { ground } = working;
  await Promise.all([
    ...ground.members.map((member) => memberTakesPart(working, member)),
    ...ground.peers.map((peer) => peerTakesPart(working, peer)),
  ]);
}

/** As servers do: the same activity again and again until it is taken, and now and then once more. */
async function sent(working: Working, send: () => Promise<Response>): Promise<void> {
  for (;;) {
    const from = Date.now();
    const status = await send().then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 202) return;
    const id = { asked: "POST to an inbox", requestId: null };
    if (isFailure(status)) {
      working.accepted.failures.push({ ...id, status, from, until: Date.now() });
    }
    working.accepted.unanswered += 1;
    if (status !== 0 && status !== 429 && status < 500) {
      throw new Error(`the inbox answered ${status}`);
    }
    await pause(300);
  }
}

async function peerTakesPart(working: Working, peer: Peer): Promise<void> {
  const { ground, accepted, random, until } = working;
  const town = { origin: ground.origin, clock: { now: () => new Date() } };
  while (Date.now() < until) {
    working.said += 1;
    const actor: PeerActor = await peer.actor(`n${working.said}`);
    const proposal = ground.proposals[Math.floor(random() * ground.proposals.length)];
    if (proposal === undefined) return;
    const luck = random();
    const activity =
      luck < 0.45
        ? peer.activity(actor, "Like", proposal.uri)
        : luck < 0.8
          ? peer.activity(actor, "Create", noteOn(peer, actor, proposal.uri))
          : peer.activity(actor, "Follow", `${proposal.uri}/actor`);
    const send = (): Promise<Response> => {
      const { url, body, headers } = peer.signed(town as never, actor, activity);
      const signal = AbortSignal.timeout(answerWithinMs);
      return fetch(url, { method: "POST", body, headers, signal });
    };
    await sent(working, send);
    if (random() < 0.2) await sent(working, send);
    if (luck < 0.45) accepted.likes.push({ actor: actor.uri, proposalUri: proposal.uri });
    else if (luck < 0.8) accepted.notes.push((activity["object"] as { id: string }).id);
    else accepted.follows.push({ actor: actor.uri, object: `${proposal.uri}/actor` });
    await pause(random() * 200);
  }
}

function noteOn(peer: Peer, actor: PeerActor, inReplyTo: string): Record<string, unknown> {
  return peer.note(actor, { inReplyTo, content: "<p>Oui, et de l’ombre.</p>" });
}

async function memberTakesPart(working: Working, member: Ground["members"][number]): Promise<void> {
  const { accepted, random, until } = working;
  let browser: Page | null = null;
  let token = "";
  while (Date.now() < until) {
    await pause(100 + random() * 400);
    try {
      if (browser === null) {
        const fresh = watched(aBrowser(working.ground.port, host), accepted.failures);
        const { hidden } = formTo("/sign-in", await timed(fresh.get("/sign-in")));
        const given = { ...hidden, ...member.credentials };
        const answer = await timed(fresh.post("/sign-in", given));
        if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}`);
        token = formTo(null, await timed(fresh.get("/profile"))).hidden["_csrf"] ?? "";
        browser = fresh;
      }
      await timed(oneThing(working, member, { browser, token }));
    } catch {
      accepted.unanswered += 1;
      await pause(300);
    }
  }
}

type Page = Pick<Browser, "get" | "post">;

/** A browser that notes what nobody may be answered. */
function watched({ get, post }: Page, failures: Failure[]): Page {
  const noting = async (asked: string, ask: () => Promise<Answer>): Promise<Answer> => {
    const from = Date.now();
    const answer = await ask();
    const requestId = String(answer.headers["x-request-id"] ?? "") || null;
    if (isFailure(answer.status)) {
      failures.push({ asked, status: answer.status, requestId, from, until: Date.now() });
    }
    return answer;
  };
  return {
    get: (path) => noting(`GET ${path}`, () => get(path)),
    post: (path, fields) => noting(`POST ${path}`, () => post(path, fields)),
  };
}

/** The form of a page that leads there, or the first one that has a token. */
function formTo(action: string | null, { status, text }: Answer): FormInPage {
  const form = formsIn(text).find((one) =>
    action === null ? "_csrf" in one.hidden : one.action === action,
  );
  if (form === undefined) throw new Error(`a page (${status}) has no such form`);
  return form;
}

async function timed<T>(work: Promise<T>): Promise<T> {
  const late = pause(answerWithinMs).then(() => Promise.reject(new Error("no answer")));
  return Promise.race([work, late]);
}

async function oneThing(
  working: Working,
  member: Ground["members"][number],
  { browser, token: _csrf }: { readonly browser: Page; readonly token: string },
): Promise<void> {
  const { ground, accepted, random } = working;
  working.said += 1;
  const what = `${working.said} par ${member.id}`;
  const luck = random();
  const proposal = ground.proposals[Math.floor(random() * ground.proposals.length)];
  if (proposal === undefined) return;
  const path = `/proposals/${proposal.number}`;
  const post = async (to: string, fields: Record<string, string>, kept: () => void) => {
    const { status } = await browser.post(to, { ...fields, _csrf });
    if (status === 303) kept();
    else {
      const refusal = `${to.replace(/\d+/, "N")} ${status}`;
      accepted.refused.set(refusal, (accepted.refused.get(refusal) ?? 0) + 1);
    }
  };
  if (luck < 0.1) {
    const title = `Des arbres ${what}`;
    const fields = { title, body: "Ici, il fait trop chaud.", topicId: ground.topicId, place: "" };
    await post("/proposals/new", fields, () => accepted.proposals.push(title));
  } else if (luck < 0.3) {
    const kept = { memberId: member.id, proposalId: proposal._id };
    await post(`${path}/support`, {}, () => accepted.supports.push(kept));
  } else if (luck < 0.8 && member.isOfficial && ground.unanswered.length > 0) {
    const asked = ground.unanswered.pop();
    const body = `Nous plantons ${what}`;
    const fields = { office: "Espaces verts", decision: "accepted", body };
    await post(`/proposals/${asked?.number ?? 0}/answer`, fields, () =>
      accepted.answers.push(body),
    );
  } else {
    const body = `Oui ${what}`;
    await post(`${path}/comments`, { body }, () => accepted.comments.push(body));
  }
}
