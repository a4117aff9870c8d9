/**
 * The arrows of the house: drivers ← kit ← hosting ← features ← federation ← app ← main.
 * Type imports count like any other, since the parser does not tell them apart. The two rules that
 * depend on the difference (no circular import at run time; the MongoDB driver at run time in one
 * file) are the linter's, in .oxlintrc.json.
 */

const TOP = "src/(?:main|first-start|cli|ready)\\.ts$|src/(?:cli|demo)/";
const LAYERS = [
  { name: "drivers", at: "^src/drivers/", sees: "^src/drivers/" },
  { name: "kit", at: "^src/kit/", sees: "^src/(?:drivers|kit)/" },
  { name: "hosting", at: "^src/hosting/", sees: "^src/(?:(?:drivers|kit|hosting)/|config\\.ts$)" },
  { name: "features", at: "^src/features/", sees: "^src/(?:drivers|kit|hosting|features)/" },
  {
    name: "federation",
    at: "^src/federation/",
    sees: "^src/(?:drivers|kit|hosting|features|federation)/",
  },
  { name: "config", at: "^src/config\\.ts$", sees: "^src/(?:drivers/|config\\.ts$)" },
  { name: "migrations", at: "^src/migrations/", sees: "^src/(?:drivers|migrations)/" },
  { name: "browser", at: "^src/browser/", sees: "^src/browser/" },
];

const looksLeft = ({ name, at, sees }) => ({
  name: `${name}-looks-left-only`,
  severity: "error",
  from: { path: at },
  to: { path: "^src/", pathNot: sees },
});

/** A package (or several) that only the named files may import. */
const fence = (packages, where, name = `${packages.split("|")[0]}-is-fenced`) => ({
  name,
  severity: "error",
  from: { path: "^src/", pathNot: where },
  to: { path: `(?:^|/)node_modules/(?:${packages})/|^(?:${packages})(?:$|/)` },
});

module.exports = {
  forbidden: [
    ...LAYERS.map(looksLeft),
    {
      name: "app-is-below-main",
      severity: "error",
      from: { path: "^src/", pathNot: `${TOP}|^src/app\\.ts$` },
      to: { path: `^src/app\\.ts$|^(?:${TOP})` },
    },
    {
      name: "app-does-not-see-main",
      severity: "error",
      from: { path: "^src/app\\.ts$" },
      to: { path: `^(?:${TOP})` },
    },
    {
      name: "features-meet-in-records-and-use-cases",
      comment: "Another feature's record (proposal.ts) or use cases (proposals.ts), nothing else.",
      severity: "error",
      from: { path: "^src/features/([^/]+)/" },
      to: {
        path: "^src/features/[^/]+/",
        pathNot: ["^src/features/$1/", "^src/features/[^/]+/[^/.]+\\.ts$"],
      },
    },
    {
      name: "features-are-acyclic",
      comment: "Two features that need each other speak by an event in one of the directions.",
      severity: "error",
      scope: "folder",
      from: { path: "^src/features/[^/]+$" },
      to: { path: "^src/features/[^/]+$", circular: true },
    },
    fence("mongodb", "^src/drivers/store/"),
    fence("bullmq|ioredis", "^src/drivers/queue/bullmq"),
    fence("express", "^src/(?:(?:hosting|federation)/|app\\.ts$)"),
    fence("activitypub-express", "^src/federation/apex/"),
    fence("aws4fetch", "^src/drivers/media/"),
    fence("@opentelemetry/[^/]+", "^src/drivers/traces/", "opentelemetry-is-fenced"),
    fence("libsql", "^src/drivers/store/"),
    fence("undici", "^src/drivers/"),
    {
      name: "everything-imported-exists",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
    {
      name: "no-development-package-at-run-time",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: "^src/(?:bootstrap|browser)/|^src/hosting/build-assets\\.ts$",
      },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm"] },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/bootstrap/" },
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
      extensions: [".ts", ".d.ts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
