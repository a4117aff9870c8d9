/** Why something is refused; each has a text `refusals.<code>` in every language. */
export type RefusalCode =
  | "not-signed-in"
  | "not-allowed"
  | "not-an-official"
  | "not-asked"
  | "not-found"
  | "gone"
  | "invalid-form"
  | "too-many-tries"
  | "expired-form"
  | "already-answered"
  | "already-taken"
  | "wrong-credentials"
  | "mail-not-confirmed"
  | "link-expired"
  | "withdrawn"
  | "suspended"
  | "changed-meanwhile"
  | "unavailable"
  | "no-instance"
  | "needs-consent"
  | "being-set-up"
  | "storage-full"
  | "mails-used-up"
  | "members-full"
  | "site-suspended"
  | "site-deleted"
  | "site-gone"
  | "too-large";

const statusOf: Record<RefusalCode, number> = {
  "not-signed-in": 401,
  "not-allowed": 403,
  "not-an-official": 403,
  "not-asked": 409,
  "not-found": 404,
  gone: 410,
  "invalid-form": 422,
  "too-many-tries": 429,
  "expired-form": 403,
  "already-answered": 409,
  "already-taken": 409,
  "wrong-credentials": 422,
  "mail-not-confirmed": 403,
  "link-expired": 410,
  withdrawn: 409,
  suspended: 403,
  "changed-meanwhile": 409,
  unavailable: 503,
  "no-instance": 421,
  "needs-consent": 403,
  "being-set-up": 503,
  "storage-full": 409,
  "mails-used-up": 429,
  "members-full": 409,
  "site-suspended": 503,
  "site-deleted": 410,
  "site-gone": 410,
  "too-large": 413,
};

/** One thing wrong with what was sent: the form field, and a translation key with its parameters. */
export interface FieldError {
  readonly field: string;
  /** Key of the text to show, e.g. `refusals.too-long`. */
  readonly key: string;
  readonly params: Readonly<Record<string, string | number>>;
}

/** An expected "no": it has an HTTP status, a stable code and a text for the person; never a bug. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly errors: readonly FieldError[];
  readonly status: number;
  constructor(code: RefusalCode, errors: readonly FieldError[] = []) {
    super(code);
    this.code = code;
    this.errors = errors;
    this.status = statusOf[code];
  }
}

/** A refusal that belongs beside one field of a form. */
export function refuseField(
  code: RefusalCode,
  field: string,
  key: string = `refusals.${code}`,
): Refusal {
  return new Refusal(code, [{ field, key, params: {} }]);
}
