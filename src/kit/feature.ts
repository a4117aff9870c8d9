import type { Strategy } from "passport";
import type { Ctx, Member } from "./context.js";
import type { CollectionDef, Row } from "./records.js";
import type { Route } from "./route.js";
import type { JobDef, ScheduleDef, Subscription } from "./work.js";

/** How members are recognised; exactly one feature provides it. */
export interface SignIn {
  /** Passport strategies by name; `ctxOf` gives the `Ctx` of the request being authenticated. */
  strategies(ctxOf: (req: object) => Ctx): Readonly<Record<string, Strategy>>;
  /** The member of a session, or null when there is none (any more). */
  loadMember(ctx: Ctx, memberId: string): Promise<Member | null>;
}

/** A slice of civic life, as the composition root sees it. */
export interface Feature {
  readonly name: string;
  readonly collections: ReadonlyArray<CollectionDef<Row>>;
  readonly routes: readonly Route[];
  readonly jobs: ReadonlyArray<JobDef<unknown>>;
  readonly on: readonly Subscription[];
  readonly schedules: readonly ScheduleDef[];
  readonly signIn: SignIn | null;
  /** Number shown on the bell, for a signed-in member. */
  readonly unread: ((ctx: Ctx) => Promise<number>) | null;
  /** Number shown beside the moderators' page, for a moderator. */
  readonly waiting: ((ctx: Ctx) => Promise<number>) | null;
  /** Whether the menu of a signed-in member leads to the pages of whoever runs the deployment. */
  readonly operates: ((ctx: Ctx) => Promise<boolean>) | null;
}

type Listed = {
  readonly name: string;
  readonly collections?: readonly unknown[];
  readonly routes?: readonly Route[];
  readonly jobs?: readonly unknown[];
  readonly on?: readonly Subscription[];
  readonly schedules?: readonly ScheduleDef[];
  readonly signIn?: SignIn;
  readonly unread?: (ctx: Ctx) => Promise<number>;
  readonly waiting?: (ctx: Ctx) => Promise<number>;
  readonly operates?: (ctx: Ctx) => Promise<boolean>;
};

/** Declare a feature; what it does not have is left out. */
export function defineFeature(feature: Listed): Feature {
  return {
    name: feature.name,
    collections: (feature.collections ?? []) as Feature["collections"],
    routes: feature.routes ?? [],
    jobs: (feature.jobs ?? []) as Feature["jobs"],
    on: feature.on ?? [],
    schedules: feature.schedules ?? [],
    signIn: feature.signIn ?? null,
    unread: feature.unread ?? null,
    waiting: feature.waiting ?? null,
    operates: feature.operates ?? null,
  };
}
