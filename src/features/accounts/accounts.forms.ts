import { z } from "zod";
import {
  checkbox,
  defineForm,
  line,
  lines,
  profileFieldLabels,
  profileFieldShape,
} from "../../kit/index.js";
import { maxPassword, minPassword } from "./account.js";
import { mailField } from "./mail-field.js";

const password = z.string().min(minPassword).max(maxPassword);
const language = z.enum(["fr", "en"]);

const accountLabels = {
  name: "accounts.name",
  mail: "accounts.mail",
  password: "accounts.password",
};

export const registerForm = defineForm(
  {
    name: line(2, 60),
    mail: mailField,
    password,
    agreed: z.literal("on", { error: "refusals.agree" }).transform(() => true as const),
  },
  { secret: ["password"], labels: accountLabels },
);

/** Signing in only compares: nothing here says what a password may look like. */
export const signInForm = defineForm({ mail: z.string().max(254), password: z.string() });

export const forgottenForm = defineForm({ mail: mailField }, { labels: accountLabels });

/** The password is only compared: nothing here says what one may look like. */
export const confirmForm = defineForm(
  { password: z.string().max(maxPassword) },
  { secret: ["password"], labels: accountLabels },
);

export const resetForm = defineForm({ password }, { secret: ["password"], labels: accountLabels });

export const profileForm = defineForm(
  {
    name: line(2, 60),
    about: lines(0, 500),
    language,
    mailNotices: checkbox(),
    discoverable: checkbox(),
    indexable: checkbox(),
    ...profileFieldShape,
  },
  { labels: { ...accountLabels, about: "accounts.profile.about", ...profileFieldLabels } },
);
