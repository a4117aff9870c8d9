import type { DeploymentCollection } from "../../hosting/collections.js";
import {
  defineFeature,
  get,
  page,
  post,
  redirect,
  type Feature,
  type Handler,
  type Route,
} from "../../kit/index.js";
import { kindJob } from "./dead-jobs.js";
import { createFigures, figureCollections } from "./figures.js";
import { pathOf } from "./frame.js";
import { instancePath } from "./instance-view.js";
import { changeInstance, seeInstance, seeInstances } from "./instances.routes.js";
import { createMailChecking } from "./mail-check.js";
import { journalModel, journalPage, journalPath } from "./journal.pages.js";
import { mailModel, mailPage } from "./mail.pages.js";
import { operatorCollections } from "./operator.js";
import { createRegister, type Operators } from "./operators.js";
import { overviewModel, overviewPage } from "./overview.pages.js";
import type { OperatorParts } from "./parts.js";
import { actOnDead, seeQueues } from "./queues.routes.js";

/** The operators' side, as the composition root sees it. */
export interface OperatorSide {
  readonly feature: Feature;
  /** What it keeps of the whole deployment. */
  readonly collections: readonly DeploymentCollection[];
  readonly operators: Operators;
}

/** Make the pages of whoever runs the deployment; nobody else can tell that they exist. */
export function createOperators(parts: OperatorParts): OperatorSide {
  const operators = createRegister(parts);
  const hidden = (route: Route): Route => ({ ...route, admits: operators.assertOperator });
  const see = (path: string, handler: Handler): Route => hidden(get(path, handler));
  const act = (path: string, handler: Handler): Route => hidden(post(path, handler));
  const ofKind = kindJob({ queue: parts.queue, operators });
  const acting = { queue: parts.queue, operators, kindJob: ofKind };
  const figures = createFigures(parts);
  const all = { ...parts, operators, figures };
  const checking = createMailChecking({ ...parts, domain: parts.deployment.senderDomain });
  const feature = defineFeature({
    name: "operators",
    operates: (ctx) => operators.mayBe(ctx),
    routes: [
      see(pathOf("overview"), async (ctx) =>
        page(overviewPage, await overviewModel(ctx, parts, { operators, figures })),
      ),
      see(pathOf("queues"), (ctx, req) => seeQueues(ctx, parts, req)),
      act(pathOf("queues"), (ctx, req) => actOnDead(ctx, acting, req)),
      see(pathOf("instances"), (ctx, req) => seeInstances(ctx, all, req)),
      see(instancePath(":host"), (ctx, req) => seeInstance(ctx, all, req)),
      act(instancePath(":host"), (ctx, req) => changeInstance(ctx, all, req)),
      see(journalPath, async (ctx, req) =>
        page(journalPage, await journalModel(ctx, { ...parts, operators }, req)),
      ),
      see(pathOf("mail"), async (ctx) =>
        page(mailPage, await mailModel(ctx, { ...parts, checking })),
      ),
      act(pathOf("mail"), async (ctx) => {
        await checking.ask(ctx);
        return redirect(pathOf("mail"), { kind: "success", key: "operators.mail.asked" });
      }),
    ],
    jobs: [ofKind, checking.job, figures.schedule.job],
    schedules: [figures.schedule],
  });
  return { feature, operators, collections: [...operatorCollections, ...figureCollections] };
}
