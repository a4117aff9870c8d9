/**
 * A server made with Fedify, in a process of its own. It takes orders from the test that started it as
 * messages `{ id, order, given }`, and answers each with `{ id, result }` or `{ id, error }`.
 */
import { createServer } from "node:http";
import { parseNodeInfo, verifyObject, verifyRequest } from "@fedify/fedify";
import { Activity, Object as Thing } from "@fedify/vocab";
import { build } from "./build.mjs";
import { makeFederation } from "./federation.mjs";
import { quoteStands } from "./quotes.mjs";
import { seen } from "./seen.mjs";

const { firstKnock, demands } = JSON.parse(process.argv[2]);
const { federation, state } = makeFederation({ firstKnock });
const received = [];
const sent = [];

const standardOf = (headers) =>
  headers.has("signature-input") ? "rfc9421" : headers.has("signature") ? "cavage" : null;

const realFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const { method, url, headers } = request;
  const response = await realFetch(request);
  sent.push({ method, url, standard: standardOf(headers), status: response.status });
  return response;
};

/** Ask Fedify itself, apart from its inbox, whether the signature and the proof hold. */
async function checked(request, body) {
  const ctx = federation.createContext(request, undefined);
  const options = { documentLoader: ctx.documentLoader, contextLoader: ctx.contextLoader };
  const document = JSON.parse(body);
  const [key, proven] = await Promise.all([
    verifyRequest(request.clone(), options),
    verifyObject(Activity, document, options).catch(() => null),
  ]);
  return {
    ...{ type: document.type, id: document.id, document },
    signedBy: key?.ownerId?.href ?? null,
    isProven: document.proof !== undefined && proven !== null,
  };
}

async function take(request, body) {
  const standard = standardOf(request.headers);
  if (demands !== null && standard !== demands)
    return new Response("sign otherwise", { status: 401 });
  const isInbox = request.method === "POST";
  const facts = isInbox ? await checked(request, body) : null;
  const response = await federation.fetch(request, {
    contextData: undefined,
    onNotFound: () => new Response(null, { status: 404 }),
    onNotAcceptable: () => new Response(null, { status: 406 }),
  });
  if (isInbox) {
    const { pathname: path } = new URL(request.url);
    received.push({ ...facts, path, standard, status: response.status });
  }
  return response;
}

async function serve(req, res) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const given = req.method === "POST" ? { body } : {};
  const headers = Object.entries(req.headers).map(([name, value]) => [name, String(value)]);
  try {
    const request = new Request(origin() + req.url, { method: req.method, headers, ...given });
    const response = await take(request, body.toString("utf8"));
    res.writeHead(response.status, Object.fromEntries(response.headers));
    res.end(Buffer.from(await response.arrayBuffer()));
  } catch (error) {
    state.errors.push(String(error?.stack ?? error));
    res.writeHead(500).end();
  }
}

const server = createServer((req, res) => void serve(req, res));

const origin = () => `http://127.0.0.1:${server.address().port}`;
const context = () => federation.createContext(new URL(origin()), undefined);

const orders = {
  /** Send an activity of one of our people to somebody, found by their address. */
  async send({ from, to, activity, shared }) {
    const ctx = context();
    const recipient = await ctx.lookupObject(to);
    const made = build({ ...activity, actor: ctx.getActorUri(from).href });
    await ctx.sendActivity({ identifier: from }, recipient, made, { preferSharedInbox: shared });
  },
  /** Have a note of ours at its own address. */
  publish({ id, note }) {
    state.notes.set(id, build(note));
  },
  /** Someone leaves, or changes. */
  leave: ({ name }) => void state.gone.add(name),
  change({ name, face }) {
    const { alias, movedTo, ...rest } = face;
    const also = alias === undefined ? {} : { aliases: [new URL(alias)] };
    const away = movedTo === undefined ? {} : { successor: new URL(movedTo) };
    state.faces.set(name, { ...rest, ...also, ...away });
  },
  /** From now on whoever asks to follow somebody is refused. */
  refuse: ({ name }) => void state.refusing.add(name),
  /** With signed requests, since what is read without a signature is kept for five minutes. */
  async quoteStands({ as, quote }) {
    const ctx = context();
    const documentLoader = await ctx.getDocumentLoader({ identifier: as });
    return quoteStands(quote, ctx, { documentLoader });
  },
  async look({ address }) {
    const ctx = context();
    const object = await ctx.lookupObject(address);
    return object === null ? null : seen(object, ctx);
  },
  /** Read a document as one of our people, with a signed request. */
  async read({ as, address }) {
    const ctx = context();
    const documentLoader = await ctx.getDocumentLoader({ identifier: as });
    const { document } = await documentLoader(address);
    const options = { documentLoader, contextLoader: ctx.contextLoader };
    return seen(await Thing.fromJsonLd(document, options), options);
  },
  finger: ({ resource }) => context().lookupWebFinger(resource),
  /** Its own way to fetch NodeInfo is closed to loopback, so that only the reading is Fedify's. */
  async nodeInfo({ address }) {
    const wellKnown = await realFetch(new URL("/.well-known/nodeinfo", address));
    const { links } = await wellKnown.json();
    const link = links.find(({ rel }) => rel.endsWith("/ns/schema/2.1"));
    return parseNodeInfo(await (await realFetch(link.href)).json());
  },
  told: () => ({ received, heard: state.heard, errors: state.errors, sent }),
};

async function obey({ id, order, given }) {
  try {
    process.send({ id, result: (await orders[order](given)) ?? null });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
}

process.on("message", (asked) => void obey(asked));
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send({ ready: origin() }));
