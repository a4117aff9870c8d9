/** What a test may need that is not in the repository, and the setting that says where it is. */
const SETTINGS = {
  chromium: "PARVIS_TEST_CHROMIUM",
  redis: "PARVIS_TEST_REDIS",
  mongodb: "MONGODB_URL",
  peers: "PARVIS_TEST_PEERS",
} as const;

/** A program, server or set of packages outside the repository that some tests need. */
export type Need = keyof typeof SETTINGS;

/** Where the needed thing is (a program's path, a server's URL, a folder), or null when there is none. */
export function whereIs(need: Need): string | null {
  return process.env[SETTINGS[need]] || null;
}

/**
 * Called in a `describe`: skips the suite, with one line that says why, on a machine without what it
 * needs. `npm test` finds or installs programs and packages; the server comes from the setting alone.
 */
export function needs(need: Need): void {
  before(function () {
    if (whereIs(need) !== null) return;
    console.log(
      `skipped: ${this.test?.parent?.title ?? "a suite"} (needs ${need}; set ${SETTINGS[need]})`,
    );
    this.skip();
  });
}

/** Called in a test or a hook: skips it elsewhere than on Linux, with one line that says why. */
export function needsLinux(running: Mocha.Context, why: string): void {
  if (process.platform === "linux") return;
  console.log(`skipped: ${running.test?.fullTitle() ?? "a test"} (needs Linux: ${why})`);
  running.skip();
}
