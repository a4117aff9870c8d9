import { about } from "./features/about/about.feature.js";
import { accounts } from "./features/accounts/accounts.feature.js";
import { comments } from "./features/comments/comments.feature.js";
import { follows } from "./features/follows/follows.feature.js";
import { home } from "./features/home/home.feature.js";
import { instanceProfile } from "./features/instance-profile/instance-profile.feature.js";
import { moderation } from "./features/moderation/moderation.feature.js";
import { notifications } from "./features/notifications/notifications.feature.js";
import { people } from "./features/people/people.feature.js";
import { proposals } from "./features/proposals/proposals.feature.js";
import { responses } from "./features/responses/responses.feature.js";
import { setUp } from "./features/set-up/set-up.feature.js";
import { square } from "./features/square/square.feature.js";
import { supports } from "./features/supports/supports.feature.js";
import { tallies } from "./features/tallies/tallies.feature.js";
import { topics } from "./features/topics/topics.feature.js";
import type { Feature } from "./kit/feature.js";

/** Every civic feature, in the order in which their routes are tried. */
export const features: readonly Feature[] = [
  home,
  about,
  instanceProfile,
  setUp,
  accounts,
  people,
  topics,
  supports,
  comments,
  follows,
  responses,
  proposals,
  moderation,
  square,
  notifications,
  tallies,
];
