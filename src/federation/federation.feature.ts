import { Router } from "express";
import type { Farewell } from "../hosting/removal.js";
import type { NetworkSide } from "../hosting/web/door.js";
import { defineFeature, type Ctx, type Feature } from "../kit/index.js";
import { createDeliver, createDeliverAgain } from "./delivery/deliver.js";
import { createAbsences } from "./delivery/absences.js";
import { createFanOut, createHandOutTo } from "./delivery/fan-out.js";
import { createGate } from "./delivery/gate.js";
import { createLookAgain } from "./delivery/gone.js";
import { createOrder } from "./delivery/order.js";
import { censusSchedule } from "./discovery/census.js";
import { countAnew } from "./documents/figures.js";
import { serveDiscovery } from "./http/discovery.js";
import { serveDocuments } from "./http/documents.js";
import { plainErrors } from "./http/errors.js";
import { createTakeIn, isInbox, serveInbox } from "./http/inbox.js";
import { createProcess } from "./inbound/process.js";
import { createHand, createHandOut } from "./inbox/hand-out.js";
import { createReceive } from "./inbox/receive.js";
import { createInteractRoutes } from "./interact/interact.routes.js";
import { farewellMs, farewellNeeds, sayFarewell } from "./farewell.js";
import { forgettingSchedule } from "./forgetting.js";
import { createCatchUp, linkInstance } from "./linking.js";
import { createCarry } from "./moves/carry.js";
import { createKeyRoutes } from "./network/keys.js";
import { createNetworkRoutes } from "./network/network.routes.js";
import { publicRoutes } from "./network/public.pages.js";
import { createSettingsRoutes } from "./network/settings.routes.js";
import { tellBlock } from "./outbound/block.js";
import { createTellFace } from "./outbound/actors.js";
import { subscriptions } from "./outbound/events.js";
import { createForwardEdit } from "./outbound/forwards.js";
import { createTellMoved } from "./outbound/proposals.js";
import { createSend } from "./outbound/send.js";
import { federationCollections, type Following } from "./records.js";
import { createRevokeQuotes } from "./quotes/revoke.js";
import type { RuleParts } from "./policy/rules.js";
import { createSettling } from "./policy/settling.js";
import { readingInTurn } from "./reading.js";
import { createRotations } from "./rotation.js";
import { testPeer, type TestedPeer } from "./self-test/command.js";
import { createGoOn } from "./self-test/run.js";
import { createSelfTestRoutes } from "./self-test/self-test.routes.js";
import { createServices, type FederationParts } from "./services.js";
import { sweepSchedule } from "./sweep.js";

export type { FederationParts, Timing } from "./services.js";

/** ActivityPub, as the composition root sees it. */
export interface Federation extends NetworkSide {
  readonly feature: Feature;
  /** Ask another instance, by its address or `name@host`, to exchange proposals and responses. */
  linkInstance(ctx: Ctx, typed: string): Promise<Following>;
  /** What changing with whom an instance talks needs (see `policy/rules.ts`). */
  readonly rules: RuleParts;
  /**
   * Have the keys of the actor with that handle exchanged, or those of the instance's own two actors.
   * @returns the ids of the actors. @throws Refusal `not-found`
   */
  rotateKeys(ctx: Ctx, handle: string | null): Promise<string[]>;
  /** Try the exchange with another server, step by step; null while a test of it runs. */
  testPeer(ctx: Ctx, typed: string, account: string | null): Promise<TestedPeer | null>;
  /** Tell other servers that this instance is gone for good, some actors at a time (`farewell.ts`). */
  readonly farewell: Farewell;
  close(): Promise<void>;
}

/** Make all of federation: one more manifest, and one middleware after host resolution. */
export function createFederation(parts: FederationParts): Federation {
  const services = createServices(parts);
  const reading = readingInTurn(services);
  const lookAgain = createLookAgain(reading);
  const hands = { services, lookAgain, order: createOrder(), gate: createGate(services.timing) };
  const deliver = createDeliver(hands);
  const deliverAgain = createDeliverAgain(hands);
  const fanOut = createFanOut(deliver, services);
  const send = createSend(services.vault, fanOut);
  const catchUp = createCatchUp(reading);
  const carry = createCarry(reading);
  const revokeQuotes = createRevokeQuotes(send);
  const process = createProcess({ services: reading, send, catchUp, revokeQuotes, carry });
  const tellMoved = createTellMoved(send);
  const forwardEdit = createForwardEdit(fanOut);
  const tellFace = createTellFace(services, send);
  const settling = createSettling((ctx, who) => tellBlock(send, ctx, who));
  const rules: RuleParts = { policy: services.policy, settle: settling.settle };
  const goOn = createGoOn(services);
  const handOut = createHandOut(process);
  const rotations = createRotations(services, send);
  const absences = createAbsences(hands, createHandOutTo(deliver, services));
  const sweeping = sweepSchedule({ handOut, fanOut, rotations, absences });
  const census = censusSchedule();
  const forgetting = forgettingSchedule();
  const receive = createReceive(services, createHand(handOut, services.timing.gatherMs));
  const takeIn = createTakeIn(receive, parts.log);
  const middleware = Router({ caseSensitive: true, strict: true });
  middleware.use(
    serveInbox(takeIn),
    serveDiscovery(services),
    serveDocuments(services),
    plainErrors,
  );
  return {
    feature: defineFeature({
      name: "federation",
      collections: federationCollections,
      routes: [
        ...createInteractRoutes(services),
        ...createNetworkRoutes({
          services,
          send,
          deliverAgain,
          sendOwed: absences.sendOwed,
          rules,
        }),
        ...createSettingsRoutes(services, rules),
        ...publicRoutes,
        ...createKeyRoutes({ services, rotations }),
        ...createSelfTestRoutes(services, goOn),
      ],
      jobs: [
        deliver,
        deliverAgain,
        lookAgain,
        fanOut,
        handOut,
        process,
        catchUp,
        countAnew,
        revokeQuotes,
        carry,
        tellMoved,
        forwardEdit,
        tellFace,
        goOn,
        sweeping.job,
        census.job,
        forgetting.job,
        ...settling.jobs,
        ...rotations.jobs,
        ...absences.jobs,
      ],
      on: subscriptions(
        { services: reading, send, fanOut, forwardEdit },
        { tellMoved, tellFace, revokeQuotes, rules },
      ),
      schedules: [sweeping, census, forgetting],
    }),
    ...{ isInbox, takeIn, middleware, rules },
    farewell: {
      say: (ctx, upTo) => sayFarewell(send, ctx, upTo),
      ...{ needs: farewellNeeds, lastsMs: farewellMs },
    },
    rotateKeys: (ctx, handle) => rotations.ask(ctx, handle),
    testPeer: (ctx, typed, account) => testPeer(services, ctx, typed, account),
    linkInstance: (ctx, typed) => linkInstance(services, send, ctx, typed),
    close: () => services.close(),
  };
}
