import type { Ctx } from "../../../src/kit/index.js";
import { follows } from "../../../src/features/follows/follows.feature.js";
import { publishResponse, type NewResponse } from "../../../src/features/responses/answering.js";
import type { Response } from "../../../src/features/responses/response.js";
import { responses } from "../../../src/features/responses/responses.feature.js";
import { civicFeatures } from "../../support/city.js";

/** The civic heart with the town hall's answers. */
export const answeringFeatures = [...civicFeatures, follows, responses];

/** What an office might answer. */
export function anAnswer(proposalId: string, change: Partial<NewResponse> = {}): NewResponse {
  return {
    proposalId,
    office: "Service des espaces verts",
    decision: "accepted",
    body: "Douze tilleuls seront plantés **cet hiver** devant l’école.",
    milestones: [],
    ...change,
  };
}

/** A published answer. */
export async function aResponse(
  official: Ctx,
  proposalId: string,
  change: Partial<NewResponse> = {},
): Promise<Response> {
  return publishResponse(official, anAnswer(proposalId, change));
}
