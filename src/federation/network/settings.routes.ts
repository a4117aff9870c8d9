import {
  assertAdmin,
  get,
  page,
  post,
  redirect,
  refuseField,
  signInPath,
  submit,
  text,
  type Ctx,
  type Reply,
  type Req,
  type Route,
  type Typed,
  type UploadedFile,
} from "../../kit/index.js";
import {
  BadList,
  exportBlocks,
  importBlocks,
  mostListBytes,
  type Imported,
} from "../policy/csv.js";
import { readSettings } from "../policy/policy.js";
import { allow, block, changeSettings, disallow, unblock, whoMeant } from "../policy/rules.js";
import type { RuleParts } from "../policy/rules.js";
import type { Services } from "../services.js";
import {
  allowForm,
  blockForm,
  closeModel,
  closePage,
  csvForm,
  modeForm,
  settingsModel,
  settingsPage,
  settingsPath,
  type Shown,
} from "./settings.pages.js";
import { whoTyped } from "./whom.js";

/** The page on which admins say with whom their site exchanges. */
export function createSettingsRoutes(services: Services, rules: RuleParts): Route[] {
  return [
    get(settingsPath, async (ctx, req) => {
      if (ctx.member === null) return redirect(signInPath(req.url));
      assertAdmin(ctx);
      const { after, allowedAfter } = req.query;
      return page(settingsPage, await settingsModel(ctx, { after, allowedAfter }));
    }),
    get(`${settingsPath}/blocks.csv`, async (ctx) => {
      assertAdmin(ctx);
      return text("text/csv", await exportBlocks(ctx));
    }),
    post(settingsPath, (ctx, req) => saveMode(rules, ctx, req)),
    post(`${settingsPath}/allowed`, (ctx, req) => saveAllowed(rules, ctx, req)),
    post(`${settingsPath}/blocks`, (ctx, req) => saveBlock(services, rules, ctx, req)),
    {
      ...post(`${settingsPath}/import`, (ctx, req) => importList(rules, ctx, req)),
      uploads: { fields: ["list"], mostBytes: mostListBytes, mayUpload: assertAdmin },
    },
  ];
}

const shownAgain =
  (ctx: Ctx, form: keyof Shown) =>
  async (typed: Typed, status: number): Promise<Reply> =>
    page(settingsPage, await settingsModel(ctx, { [form]: typed }), status);

/** Closing asks once more, on a page that says what it means. */
async function saveMode(rules: RuleParts, ctx: Ctx, req: Req): Promise<Reply> {
  assertAdmin(ctx);
  return submit(modeForm, req, {
    accepted: async ({ mode, signedReads, confirmed, fromMode, fromSigned }) => {
      const now = await readSettings(ctx);
      const from = { mode: fromMode, signedReads: fromSigned };
      if (mode === "closed" && now.mode !== "closed" && !confirmed) {
        return page(closePage, closeModel(ctx, signedReads, from));
      }
      await changeSettings(rules, ctx, { mode, signedReads, from });
      return redirect(settingsPath, { kind: "success", key: "network.settings.saved" });
    },
    refused: shownAgain(ctx, "mode"),
  });
}

async function saveAllowed(rules: RuleParts, ctx: Ctx, req: Req): Promise<Reply> {
  assertAdmin(ctx);
  return submit(allowForm, req, {
    accepted: async ({ host: typed }) => {
      const host = whoMeant(ctx, typed);
      if (host === null || host.includes("/")) {
        throw refuseField("invalid-form", "host", "network.settings.errors.host");
      }
      const isRemoved = req.body["act"] === "remove";
      await (isRemoved ? disallow : allow)(rules, ctx, host);
      const key = `network.settings.allowed.${isRemoved ? "removed" : "added"}`;
      return redirect(`${settingsPath}#allowed`, { kind: "success", key, params: { host } });
    },
    refused: shownAgain(ctx, "allow"),
  });
}

async function saveBlock(services: Services, rules: RuleParts, ctx: Ctx, req: Req): Promise<Reply> {
  assertAdmin(ctx);
  const { who: named, act } = req.body;
  if (act === "lift") {
    const host = typeof named === "string" ? named.slice(0, 300) : "";
    await unblock(rules, ctx, host);
    return redirect(`${settingsPath}#blocks`, {
      ...{ kind: "success", key: "network.peers.unblocked", params: { host } },
    });
  }
  return submit(blockForm, req, {
    accepted: async ({ who: typed, ...rest }) => {
      const who = await whoTyped(services, ctx, typed);
      if (who === null) throw refuseField("invalid-form", "who", "network.settings.errors.who");
      await block(rules, ctx, { who, ...rest });
      const key = `network.peers.${rest.severity}`;
      return redirect(`${settingsPath}#blocks`, { kind: "success", key, params: { host: who } });
    },
    refused: shownAgain(ctx, "block"),
  });
}

async function importList(rules: RuleParts, ctx: Ctx, req: Req): Promise<Reply> {
  assertAdmin(ctx);
  return submit(csvForm, req, {
    accepted: async () => {
      const imported = await importing(rules, ctx, req.files["list"]);
      return page(settingsPage, await settingsModel(ctx, { imported }));
    },
    refused: shownAgain(ctx, "csv"),
  });
}

async function importing(
  rules: RuleParts,
  ctx: Ctx,
  list: UploadedFile | undefined,
): Promise<Imported> {
  try {
    if (list === undefined) throw new BadList("none");
    if (list.isCut) throw new BadList("tooLong");
    return await importBlocks(rules, ctx, list.bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof BadList)) throw error;
    throw refuseField("invalid-form", "list", `network.settings.csv.${error.why}`);
  }
}
