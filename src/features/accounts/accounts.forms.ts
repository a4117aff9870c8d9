import { z } from "zod";
import { checkbox, defineForm, line, lines } from "../../kit/index.js";
import { maxPassword, minPassword } from "./account.js";
import { mailField } from "./mail-field.js";

const password = z.string().min(minPassword).max(maxPassword);
const language = z.enum(["fr", "en"]);

export const registerForm = defineForm(
  {
    name: line(2, 60),
    mail: mailField,
    password,
    agreed: z.literal("on", { error: "refusals.agree" }).transform(() => true as const),
  },
  ["password"],
);

/** Signing in only compares: nothing here says what a password may look like. */
export const signInForm = defineForm({ mail: z.string().max(254), password: z.string() });

export const forgottenForm = defineForm({ mail: mailField });

export const resetForm = defineForm({ password }, ["password"]);

export const profileForm = defineForm({
  name: line(2, 60),
  about: lines(0, 500),
  language,
  mailNotices: checkbox(),
});
