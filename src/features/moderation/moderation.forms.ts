import { z } from "zod";
import { checkbox, defineForm, lines, orNull } from "../../kit/index.js";
import { faults, mostWords } from "../proposals/fault.js";

const fault = z.enum(faults);
const note = lines(0, mostWords).optional().default("");

/** What a moderator decides about a comment. */
export const rulingForm = defineForm({
  act: z.enum(["release", "refuse", "block", "hide", "show"]),
  why: orNull(fault),
  note,
  wording: orNull(z.string().max(20)),
});

/** What a moderator decides about a support of elsewhere, or about all that wait together with it. */
export const supportForm = defineForm({ act: z.enum(["take", "decline"]), all: checkbox() });

/** What a moderator does about a report. */
export const reportActForm = defineForm({ act: z.enum(["close", "forward"]), note });

/** What somebody reports. */
export const reportForm = defineForm(
  { why: fault, words: lines(0, mostWords) },
  { labels: { why: "moderation.report.why", words: "moderation.report.words" } },
);
