import {
  defineFeature,
  formView,
  get,
  hasRole,
  localPath,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  submit,
  throttle,
  typedValues,
  untouched,
  type Ctx,
  type Reply,
  type Req,
  type Route,
  type Typed,
  profileFieldsOf,
} from "../../kit/index.js";
import { peopleByIds } from "../people/people.js";
import { grantableRoles } from "./account.js";
import { administratorsCollection, administratorsOf } from "./administrators.js";
import {
  accountsCollection,
  changeProfile,
  changeRoles,
  type RoleChange,
  listAccounts,
  unsubscribe,
} from "./accounts.js";
import {
  confirmForm,
  forgottenForm,
  profileForm,
  registerForm,
  resetForm,
  signInForm,
} from "./accounts.forms.js";
import { remindOfAccount, sendReset, sendWelcome, welcome } from "./accounts.jobs.js";
import {
  checkMailPage,
  confirmPage,
  forgottenPage,
  formPage,
  membersModel,
  membersPage,
  registerPage,
  resetPage,
  signInModel,
  signInPage,
  tokenPage,
  unsubscribedModel,
  unsubscribedPage,
  unsubscribePage,
  wordPage,
  type TokenPage,
} from "./accounts.pages.js";
import {
  lookAtLimits,
  recountSchedule,
  warnAdministrators,
  warnOfLimit,
} from "./limit-warnings.js";
import { mailTokensCollection } from "./mail-tokens.js";
import { profileModel, profilePage } from "./profile.pages.js";
import { networkRoutes } from "./network.js";
import { askForReset, confirmMail, register, resetPassword } from "./registration.js";
import { signIn } from "./sign-in.js";
import { noteSignIn, signInsCollection } from "./sign-ins.js";

const registering: Route[] = [
  get("/register", async (ctx, req) => {
    const back = localPath(req.query["back"]);
    if (ctx.member !== null) return redirect(back);
    return page(registerPage, formPage(ctx, "register", registerForm, untouched(), back));
  }),
  post("/register", (ctx, req) =>
    submit(registerForm, req, {
      accepted: async ({ name, mail, password }) => {
        await register(ctx, { name, mail, password, language: ctx.language }, req.ip);
        return page(checkMailPage, wordPage(ctx, mail));
      },
      refused: async (typed, status) =>
        page(
          registerPage,
          formPage(ctx, "register", registerForm, typed, localPath(req.body["back"])),
          status,
        ),
    }),
  ),
  get("/confirm/:token", async (ctx, req) =>
    page(confirmPage, confirmModel(ctx, req, untouched())),
  ),
  post("/confirm/:token", (ctx, req) =>
    submit(confirmForm, req, {
      accepted: async ({ password }) =>
        welcomed(ctx, await confirmMail(ctx, tokenOf(req), password), "accounts.confirm.done"),
      refused: async (typed, status) => page(confirmPage, confirmModel(ctx, req, typed), status),
    }),
  ),
];

const signingIn: Route[] = [
  get("/sign-in", async (ctx, req) => {
    const back = localPath(req.query["back"]);
    if (ctx.member !== null) return redirect(back);
    return page(signInPage, signInModel(ctx, "", back, null));
  }),
  post("/sign-in", async (ctx, req) => {
    const back = localPath(req.body["back"]);
    const { mail, password } = typedValues(signInForm, req);
    const refused = async (code: string, status: number): Promise<Reply> =>
      page(signInPage, signInModel(ctx, mail ?? "", back, code), status);
    if (!mail || !password) return refused("wrong-credentials", 422);
    return {
      kind: "authenticate",
      strategy: "local",
      to: back,
      refused: (reason) =>
        refused(reason ?? "wrong-credentials", reason === "too-many-tries" ? 429 : 422),
    };
  }),
  post("/sign-out", async () => ({
    kind: "sign-out",
    to: "/",
    flash: { kind: "success", key: "accounts.signed-out" },
  })),
  get("/forgotten", async (ctx) =>
    page(forgottenPage, formPage(ctx, "forgotten", forgottenForm, untouched())),
  ),
  post("/forgotten", (ctx, req) =>
    submit(forgottenForm, req, {
      accepted: async ({ mail }) => {
        await askForReset(ctx, mail, req.ip);
        return page(checkMailPage, wordPage(ctx, mail));
      },
      refused: async (typed, status) =>
        page(forgottenPage, formPage(ctx, "forgotten", forgottenForm, typed), status),
    }),
  ),
  get("/reset/:token", async (ctx, req) =>
    page(
      resetPage,
      tokenPage(ctx, "reset", `/reset/${tokenOf(req)}`, { form: resetForm, typed: untouched() }),
    ),
  ),
  post("/reset/:token", (ctx, req) =>
    submit(resetForm, req, {
      accepted: async ({ password }) => {
        await throttle(ctx, { what: "reset-try", limit: 20, windowMs: 3_600_000 }, req.ip);
        const memberId = await resetPassword(ctx, tokenOf(req), password);
        return welcomed(ctx, memberId, "accounts.reset.done");
      },
      refused: async (typed, status) =>
        page(
          resetPage,
          tokenPage(ctx, "reset", `/reset/${tokenOf(req)}`, { form: resetForm, typed }),
          status,
        ),
    }),
  ),
];

const settings: Route[] = [
  get("/profile", async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath(req.url));
    return page(profilePage, await profileModel(ctx, null));
  }),
  post("/profile", (ctx, req) =>
    submit(profileForm, req, {
      accepted: async ({ name, about, language, mailNotices, ...rest }) => {
        const { discoverable, indexable, ...inputs } = rest;
        await changeProfile(ctx, {
          ...{ name, about, language, mailNotices, discoverable, indexable },
          fields: profileFieldsOf(inputs),
        });
        return redirect("/profile", { kind: "success", key: "accounts.profile.saved" });
      },
      refused: async (typed, status) =>
        page(profilePage, await profileModel(ctx, formView(profileForm, typed, ctx.t)), status),
    }),
  ),
  get("/unsubscribe/:member/:key", async (ctx, req) =>
    page(unsubscribePage, tokenPage(ctx, "unsubscribe", req.path)),
  ),
  {
    ...post("/unsubscribe/:member/:key", async (ctx, req) => {
      await unsubscribe(ctx, req.params["member"] ?? "", req.params["key"] ?? "");
      return page(unsubscribedPage, unsubscribedModel(ctx));
    }),
    fromAnywhere: true,
  },
];

const administration: Route[] = [
  get("/admin/members", async (ctx, req) => {
    if (!hasRole(ctx.member, "admin")) throw new Refusal("not-allowed");
    const query = (req.query["mail"] ?? "").trim().toLowerCase().slice(0, 254);
    const after = req.query["after"];
    const slice = await listAccounts(ctx, query, after ?? null);
    const ids = slice.items.map(({ _id }) => _id);
    const [names, admins] = await Promise.all([peopleByIds(ctx, ids), administratorsOf(ctx)]);
    return page(membersPage, membersModel(ctx, slice, { names, admins, query }));
  }),
  post("/admin/members/:id", async (ctx, req) => {
    await changeRoles(ctx, req.params["id"] ?? "", roleChangeIn(req));
    return redirect("/admin/members", { kind: "success", key: "accounts.members.saved" });
  }),
];

/** What somebody changed on their page, whose boxes others may have changed meanwhile. */
function roleChangeIn({ body }: Req): RoleChange {
  const isOn = (name: string): boolean => body[name] === "on";
  const changed = grantableRoles.filter((role) => isOn(role) !== isOn(`was-${role}`));
  return { given: changed.filter(isOn), taken: changed.filter((role) => !isOn(role)) };
}

function confirmModel(ctx: Ctx, req: Req, typed: Typed): TokenPage {
  return tokenPage(ctx, "confirm", `/confirm/${tokenOf(req)}`, { form: confirmForm, typed });
}

function tokenOf(req: Req): string {
  return encodeURIComponent((req.params["token"] ?? "").slice(0, 100));
}

async function welcomed(ctx: Ctx, memberId: string, key: string): Promise<Reply> {
  await noteSignIn(ctx);
  return { kind: "sign-in", memberId, to: "/", flash: { kind: "success", key } };
}

export const accounts = defineFeature({
  name: "accounts",
  collections: [
    accountsCollection,
    administratorsCollection,
    mailTokensCollection,
    signInsCollection,
  ],
  routes: [...registering, ...signingIn, ...settings, ...networkRoutes, ...administration],
  jobs: [sendWelcome, remindOfAccount, sendReset, warnOfLimit],
  on: [welcome, warnAdministrators, lookAtLimits],
  schedules: [recountSchedule],
  signIn,
});
