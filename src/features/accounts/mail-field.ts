import { z } from "zod";

const wrongMail = { message: "refusals.mail" };

/** A mail address as typed: trimmed, lower-cased, at most 254 characters (RFC 5321). */
export const mailField = z
  .string()
  .max(254, wrongMail)
  .transform((value) => value.trim().toLowerCase())
  .refine((value) => z.email().safeParse(value).success, wrongMail);
