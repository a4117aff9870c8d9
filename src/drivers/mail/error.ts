/** A mail that was not sent. When `permanent`, trying again is of no use. */
export class MailError extends Error {
  override readonly name = "MailError";
  readonly permanent: boolean;
  constructor(message: string, options: { readonly permanent: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.permanent = options.permanent;
  }
}
