import {
  assertAdmin,
  get,
  page,
  post,
  redirect,
  refuseField,
  Refusal,
  signInPath,
  submit,
  untouched,
  type Ctx,
  type Route,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { readTyped } from "../interact/typed.js";
import type { Services } from "../services.js";
import { startTest, type GoOn } from "./run.js";
import { selfTestsCollection, type Tested } from "./self-test.js";
import {
  testForm,
  testModel,
  testPage,
  testsModel,
  testsPage,
  testsPath,
} from "./self-test.pages.js";

/** The pages on which admins try the exchange with another server, step by step. */
export function createSelfTestRoutes(services: Services, goOn: GoOn): Route[] {
  return [
    get(testsPath, async (ctx, req) => {
      if (ctx.member === null) return redirect(signInPath(req.url));
      assertAdmin(ctx);
      const host = (req.query["host"] ?? "").slice(0, 300);
      return page(testsPage, await testsModel(ctx, untouched({ host })));
    }),
    get(`${testsPath}/:test`, async (ctx, req) => {
      if (ctx.member === null) return redirect(signInPath(req.url));
      assertAdmin(ctx);
      const rows = ctx.collection(selfTestsCollection);
      const test = await rows.findOne({ _id: req.params["test"] ?? "" });
      if (test === null) throw new Refusal("not-found");
      return page(testPage, testModel(ctx, test));
    }),
    post(testsPath, async (ctx, req) => {
      assertAdmin(ctx);
      return submit(testForm, req, {
        accepted: async ({ host, account }) => {
          const test = await startTest(ctx, goOn, testedBy(services, ctx, host, account));
          return redirect(`${testsPath}/${test._id}`);
        },
        refused: async (typed, status) => page(testsPage, await testsModel(ctx, typed), status),
      });
    }),
  ];
}

/**
 * The server that is typed, and the account there that may be written to.
 * @throws Refusal beside `host` or `account`: ill-formed, our own, or of another server.
 */
export function testedBy(
  services: Services,
  ctx: Ctx,
  typed: string,
  account: string | null,
): Tested {
  const plainHttp = services.parts.allowPrivate && ctx.instance.origin.startsWith("http:");
  const server = readTyped(typed, plainHttp);
  if (server === null) throw refuseField("invalid-form", "host", "self-test.errors.host");
  const { host, origin, label } = server;
  const ours = [hostOf(ctx.instance.origin), ctx.instance.host, ...ctx.instance.aliases];
  if (ours.includes(host)) throw refuseField("invalid-form", "host", "self-test.errors.ours");
  const named = account === null ? null : readTyped(account, plainHttp);
  const wrong = named !== null && (named.host !== host || !named.label.includes("@"));
  if (wrong || (account !== null && named === null)) {
    throw refuseField("invalid-form", "account", "self-test.errors.account");
  }
  const given = named?.label ?? (typed.includes("@") && label.includes("@") ? label : null);
  return { host, origin, account: given };
}
