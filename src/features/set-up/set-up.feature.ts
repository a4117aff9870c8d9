import { z } from "zod";
import {
  defineFeature,
  defineForm,
  definePage,
  formView,
  get,
  head,
  isFreeForCity,
  line,
  page,
  post,
  submit,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type Req,
  type Typed,
} from "../../kit/index.js";
import { maxPassword, minPassword } from "../accounts/account.js";
import { mailField } from "../accounts/mail-field.js";
import { assertInvited, setUpInstance } from "./set-up.js";

/** The set-up page: one form. */
export interface SetUpPage extends PageModel {
  readonly form: FormView;
  readonly action: string;
  /** Host that the handle will be followed by. */
  readonly host: string;
  readonly minPassword: number;
}

const setUpPage = definePage<SetUpPage>("set-up/show");

/** A city's or association's bare handle on the network; typed with or without `@`. */
export const handleField = z
  .string()
  .transform((value) => value.trim().toLowerCase().replace(/^@/, ""))
  .refine(isFreeForCity, { message: "refusals.handle" });

export const setUpForm = defineForm(
  {
    kind: z.enum(["city", "association"]),
    name: line(2, 80),
    tagline: line(0, 160),
    handle: handleField,
    language: z.enum(["fr", "en"]),
    adminName: line(2, 60),
    mail: mailField,
    password: z.string().min(minPassword).max(maxPassword),
  },
  {
    secret: ["password"],
    labels: {
      kind: "set-up.kind",
      name: "set-up.name",
      tagline: "set-up.tagline",
      handle: "set-up.handle",
      language: "set-up.language",
      adminName: "set-up.adminName",
      mail: "accounts.mail",
      password: "accounts.password",
    },
  },
);

function model(ctx: Ctx, req: Req, typed: Typed): SetUpPage {
  return {
    head: head(ctx.t.t("set-up.title"), { noIndex: true }),
    form: formView(setUpForm, typed, ctx.t),
    action: `/set-up/${encodeURIComponent(req.params["token"] ?? "")}`,
    host: new URL(ctx.instance.origin).host,
    minPassword,
  };
}

export const setUp = defineFeature({
  name: "set-up",
  routes: [
    get("/set-up/:token", async (ctx, req) => {
      assertInvited(ctx, req.params["token"] ?? "");
      return page(setUpPage, model(ctx, req, untouched({ kind: "city", language: ctx.language })));
    }),
    post("/set-up/:token", async (ctx, req) => {
      assertInvited(ctx, req.params["token"] ?? "");
      return submit(setUpForm, req, {
        accepted: async (input) => ({
          kind: "sign-in",
          memberId: await setUpInstance(ctx, req.params["token"] ?? "", input),
          to: "/",
          flash: { kind: "success", key: "set-up.done" },
        }),
        refused: async (typed, status) => page(setUpPage, model(ctx, req, typed), status),
      });
    }),
  ],
});
