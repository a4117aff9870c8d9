import { z } from "zod";
import { defineForm, line, lines, orNull, type Ctx } from "../../kit/index.js";
import { faults, mostWords } from "./fault.js";
import type { Topic } from "../topics/topic.js";
import { topics } from "../topics/topics.js";
import type { Proposal } from "./proposal.js";
import type { NewProposal } from "./publishing.js";

const degrees = (most: number): z.ZodType<number | null> =>
  orNull(z.coerce.number().min(-most).max(most));

const labels = {
  title: "proposals.form.title",
  body: "proposals.form.body",
  topicId: "proposals.form.topic",
  place: "proposals.form.place",
};

const fields = {
  title: line(10, 150),
  body: lines(20, 10_000),
  topicId: line(1, 40),
  place: orNull(line(0, 120)),
  latitude: degrees(90),
  longitude: degrees(180),
};

/** What a citizen fills in to propose something. */
export const proposalForm = defineForm(fields, { labels });

/** The same to change it; `version` is the one shown when they began. */
export const editForm = defineForm(
  { ...fields, version: z.coerce.number().int().min(1) },
  { labels },
);

/** What a moderator says who withdraws somebody else's proposal. */
export const takeDownForm = defineForm(
  { why: z.enum(faults), note: lines(0, mostWords).optional().default("") },
  { labels: { why: "moderation.reason", note: "proposals.takeDown.note" } },
);

/** What the form holds, as a use case takes it. A spot counts only with both its degrees. */
export function readProposal(typed: z.infer<typeof proposalForm.schema>): NewProposal {
  const { title, body, topicId, place, latitude, longitude } = typed;
  const spot =
    latitude === null || longitude === null
      ? { latitude: null, longitude: null }
      : { latitude, longitude };
  const name = place ?? "";
  const placed = name !== "" || spot.latitude !== null;
  return { title, body, topicId, place: placed ? { name, ...spot } : null };
}

/** What a form begins with when a proposal is changed. */
export function typedOf(proposal: Proposal): Record<string, string> {
  const { title, body, topicId, place, version } = proposal;
  return {
    ...{ title, body, topicId: topicId ?? "", place: place?.name ?? "" },
    latitude: place?.latitude?.toString() ?? "",
    longitude: place?.longitude?.toString() ?? "",
    version: String(version),
  };
}

/** The topics as choices of the form. */
export async function topicChoices(
  ctx: Ctx,
): Promise<Array<{ readonly value: string; readonly label: string }>> {
  return (await topics(ctx)).map(({ _id, name }: Topic) => ({ value: _id, label: name }));
}
