import { Strategy as LocalStrategy } from "passport-local";
import { Refusal, type SignIn } from "../../kit/index.js";
import { assertMaySignIn } from "./account.js";
import { loadMember } from "./accounts.js";
import { mailField } from "./mail-field.js";
import { recognise } from "./registration.js";
import { noteSignIn } from "./sign-ins.js";

/** Reasons that are shown on the sign-in page itself; others go to the error page. */
const shown = new Set(["wrong-credentials", "mail-not-confirmed", "suspended", "too-many-tries"]);

/** Sign-in by mail and password through Passport. */
export const signIn: SignIn = {
  loadMember,
  strategies: (ctxOf) => ({
    local: new LocalStrategy(
      { usernameField: "mail", passwordField: "password", passReqToCallback: true },
      (req, mail, password, done) => {
        const ctx = ctxOf(req);
        const address = mailField.safeParse(mail);
        const typed = address.success ? address.data : "";
        recognise(ctx, typed, password.slice(0, 200), req.ip ?? "")
          .then(async (account) => {
            assertMaySignIn(account);
            await noteSignIn(ctx);
            done(null, { _id: account._id });
          })
          .catch((error: unknown) => {
            const known = error instanceof Refusal && shown.has(error.code);
            if (known) done(null, false, { message: error.code });
            else done(error);
          });
      },
    ),
  }),
};
