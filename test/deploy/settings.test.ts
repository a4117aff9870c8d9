import { expect } from "chai";
import { loadConfig } from "../../src/config.js";
import { documents, entries, filesIn, madeSecrets, settings, text, type Tree } from "./files.js";

/** What the environment of Node itself is, and what MongoDB's and Caddy's images read. */
const others = ["NODE_ENV"];
/** What the commands read beside the settings of the server, and how they are called is told by whoever calls. */
const ofCommands = ["PARVIS_BACKUP_PASSPHRASE"];
const ofCalls = ["PARVIS_COMMAND"];
const keys = (tree: Tree | undefined): string[] => Object.keys(tree ?? {});

const compose = documents("docker/compose.yml")[0]!["services"]!;
const example = text("deploy/systemd/parvis.env.example");
const assigned = (source: string): [string, string][] =>
  [...source.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]);

describe("the settings of a deployment", () => {
  it("are all there with compose, and each is one that the server reads", () => {
    for (const name of ["web", "worker", "cli"]) {
      const more = name === "cli" ? [...ofCommands, ...ofCalls] : [];
      const all = [...settings, ...more].sort();
      expect(keys(compose[name]!["environment"]).sort(), name).to.deep.equal(all);
    }
  });

  it("are all there on one server, and each is one that the server reads", () => {
    const names = [...assigned(example).map(([name]) => name), "DATA_DIR"];
    expect(names.sort()).to.deep.equal([...settings, ...ofCommands].sort());
  });

  it("are all there on Kubernetes, and each is one that the server reads", () => {
    const config = documents("deploy/kubernetes/base/config.yaml")[0]!;
    const [secret] = madeSecrets();
    const own = ["web", "worker"].map(
      (role) => documents(`deploy/kubernetes/base/${role}.yaml`)[0]!["spec"]!["template"]!,
    );
    for (const pod of own) {
      const env = entries(pod["spec"]!["containers"]![0]!["env"]).map(
        (one) => one["name"] as string,
      );
      const all = [...keys(config["data"]), ...keys(secret!["stringData"]), ...env];
      // Every interface of a pod: nothing to say.
      expect([...all, "HOST"].sort()).to.deep.equal([...settings].sort());
    }
  });

  it("hold values that the server takes", () => {
    const config = documents("deploy/kubernetes/base/config.yaml")[0]!["data"];
    const [secret] = madeSecrets();
    const onCluster = { ...(config as object), ...(secret!["stringData"] as object) };
    expect(loadConfig(onCluster)).to.include({ trustProxy: "1", dataDir: "/data", port: 3000 });
    expect(loadConfig(Object.fromEntries(assigned(example)))).to.include({
      trustProxy: "loopback",
    });
    const env = Object.entries(compose["web"]!["environment"]!).map(([name, value]) => {
      const optional = String(value).replace(/\$\{\w+:-\}/g, "");
      const filled = optional.replace(/\$\{\w+:[?-][^}]*\}/g, (asked) =>
        asked.includes("PUBLIC_URL")
          ? "https://parvis.example"
          : "info".repeat(asked.includes("LOG") ? 1 : 9),
      );
      return [name, filled];
    });
    expect(loadConfig(Object.fromEntries(env))).to.include({ trustProxy: "1", dataDir: "/data" });
  });

  it("never open private networks to federation", () => {
    for (const file of filesIn("docker", "deploy")) {
      expect(text(file), file).not.to.include("FEDERATION_PRIVATE_ADDRESSES");
    }
  });

  it("are set in the image and the units by names that the server reads", () => {
    const image = /^ENV (.*)$/m.exec(text("docker/Dockerfile"))?.[1] ?? "";
    const unit = /^Environment=(.*)$/m.exec(text("deploy/systemd/parvis.service"))?.[1] ?? "";
    const names = [...`${image} ${unit}`.matchAll(/([A-Z0-9_]+)=/g)].map((match) => match[1]!);
    expect([...settings, ...others]).to.include.members(names);
  });
});
