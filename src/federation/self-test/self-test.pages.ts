import type { StatusView } from "../../kit/component-models.js";
import {
  defineForm,
  definePage,
  formView,
  head,
  line,
  orNull,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type Typed,
} from "../../kit/index.js";
import { isOver, newestTests, type SelfTest, type Step, type StepState } from "./self-test.js";

/** Where the tests are. */
export const testsPath = "/admin/network/tests";

/** The form that starts a test. */
export const testForm = defineForm(
  { host: line(1, 300), account: orNull(line(3, 300)) },
  { labels: { host: "self-test.host", account: "self-test.account" } },
);

/** Start a test, and the newest ones. */
export interface TestsPage extends PageModel {
  readonly form: FormView;
  readonly tests: ReadonlyArray<{
    readonly host: string;
    readonly url: string;
    readonly at: Date;
    readonly badge: StatusView;
  }>;
}

/** One step as it is shown. */
export interface StepView {
  readonly name: string;
  readonly what: string;
  readonly state: StepState;
  readonly label: string;
  /** What went wrong or is worth a word, then what can be done. */
  readonly why: string | null;
  readonly hint: string | null;
  readonly detail: string | null;
  readonly seconds: string | null;
}

/** One test, step by step. */
export interface TestPage extends PageModel {
  readonly heading: string;
  readonly at: Date;
  readonly badge: StatusView;
  readonly summary: string;
  readonly running: boolean;
  readonly reloadUrl: string;
  readonly steps: readonly StepView[];
  readonly again: { readonly host: string; readonly account: string | null } | null;
}

export const testsPage = definePage<TestsPage>("self-test/list");
export const testPage = definePage<TestPage>("self-test/show");

/** How a test stands, in one word. */
export type Verdict = "running" | "failed" | "warned" | "well";

/** How a test stands: one failed step is a failure, one odd thing a remark. */
export function verdictOf(test: SelfTest, now: Date): Verdict {
  if (!isOver(test, now)) return "running";
  const states = new Set(test.steps.map(({ state }) => state));
  if (states.has("failed") || test.endedAt === null) return "failed";
  return states.has("warned") ? "warned" : "well";
}

const codes = {
  running: "under-study",
  failed: "declined",
  warned: "under-study",
  well: "accepted",
} as const;

function badgeOf(ctx: Ctx, test: SelfTest): StatusView {
  const verdict = verdictOf(test, ctx.clock.now());
  return { code: codes[verdict], label: ctx.t.t(`self-test.verdicts.${verdict}`) };
}

/** The page that starts tests. */
export async function testsModel(ctx: Ctx, typed: Typed = untouched()): Promise<TestsPage> {
  const tests = await newestTests(ctx);
  return {
    head: head(ctx.t.t("self-test.title"), { noIndex: true }),
    form: formView(testForm, typed, ctx.t),
    tests: tests.map((test) => ({
      ...{ host: test.host, url: `${testsPath}/${test._id}`, at: test.startedAt },
      badge: badgeOf(ctx, test),
    })),
  };
}

/** The page of one test. */
export function testModel(ctx: Ctx, test: SelfTest): TestPage {
  const verdict = verdictOf(test, ctx.clock.now());
  const heading = ctx.t.t("self-test.one", { host: test.host });
  const running = verdict === "running";
  return {
    head: head(heading, { noIndex: true }),
    ...{ heading, at: test.startedAt, badge: badgeOf(ctx, test), running },
    summary: ctx.t.t(`self-test.summaries.${verdict}`),
    reloadUrl: `${testsPath}/${test._id}`,
    steps: test.steps.map((step) => stepView(ctx, step)),
    again: running ? null : { host: test.host, account: test.account },
  };
}

/** A step in the reader's words. */
export function stepView(ctx: Ctx, { name, state, cause, detail, ms }: Step): StepView {
  const { t } = ctx.t;
  return {
    ...{ name, state, detail },
    what: t(`self-test.steps.${name}`),
    label: t(`self-test.states.${state}`),
    why: cause === null ? null : t(`self-test.causes.${cause}`),
    hint: cause === null ? null : t(`self-test.hints.${cause}`),
    seconds: ms === null ? null : t("self-test.seconds", { seconds: Math.round(ms / 100) / 10 }),
  };
}
