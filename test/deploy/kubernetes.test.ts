import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "../bootstrap/scratch.js";
import {
  documents,
  entries,
  fields,
  filesIn,
  needsProgram,
  runs,
  text,
  type Tree,
} from "./files.js";

const folder = "deploy/kubernetes";
const whole = filesIn(folder).filter(
  (name) => name.endsWith(".yaml") && !name.endsWith("/kustomization.yaml"),
);
const objects = whole.flatMap((file) => documents(file).map((object) => ({ file, object })));
const ofKind = (...kinds: string[]): Tree[] =>
  objects.filter(({ object }) => kinds.includes(object["kind"]!)).map(({ object }) => object);
const nameOf = (object: Tree): string => object["metadata"]!["name"]!;
const workloads = ofKind("Deployment", "StatefulSet");
const podOf = (object: Tree): Tree => object["spec"]!["template"]!["spec"]!;
const containers = workloads.flatMap((object) => entries(podOf(object)["containers"]));

/** A program that compiles when each object has the fields that Kubernetes gives to its kind. */
function typedProgram(list: readonly { file: string; object: Tree }[]): string {
  return list
    .map(({ file, object }, at) => {
      const [group, version] = object["apiVersion"]!.includes("/")
        ? object["apiVersion"]!.replace(/\.k8s\.io/, "").split("/")
        : ["core", object["apiVersion"]];
      const module = JSON.stringify(`kubernetes-types/${group}/${version}.js`);
      const value = JSON.stringify(object, null, 1);
      return `// ${file}\nexport const o${at}: import(${module}).${object["kind"]} = ${value};`;
    })
    .join("\n");
}

function compile(list: readonly { file: string; object: Tree }[]): {
  code: number | null;
  out: string;
} {
  // Inside the repository, where the types are found.
  const output = join(root, "test/output");
  mkdirSync(output, { recursive: true });
  const scratch = mkdtempSync(join(output, "manifests-"));
  try {
    writeFileSync(join(scratch, "manifests.ts"), typedProgram(list));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--types",
      "",
    ];
    const file = join(scratch, "manifests.ts");
    return runs(process.execPath, [tsc, "--ignoreConfig", ...options, file]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

describe("the deployment on Kubernetes", function () {
  this.timeout(60_000);

  it("uses only fields that Kubernetes knows, with the values it takes", () => {
    const { code, out } = compile(objects);
    expect(out).to.equal("");
    expect(code).to.equal(0);

    const web = ofKind("Deployment")[0]!;
    const spec = { ...fields(web["spec"]), replica: 2 };
    const slip = { ...fields(web), spec } as unknown as Tree;
    expect(compile([{ file: "slip", object: slip }]).out).to.include("replica");
  });

  it("lists every file in a kustomization, and no other", () => {
    for (const name of ["base", "components/stores", "overlays/one-city", "overlays/many-cities"]) {
      const [kustomization] = documents(`${folder}/${name}/kustomization.yaml`);
      const listed = entries(kustomization!["resources"]).filter((entry) =>
        entry.endsWith(".yaml"),
      );
      const there = filesIn(`${folder}/${name}`)
        .filter((file) => file.endsWith(".yaml") && !file.endsWith("kustomization.yaml"))
        .map((file) => file.slice(`${folder}/${name}/`.length));
      expect(listed.sort(), name).to.deep.equal(there.sort());
    }
  });

  for (const overlay of ["one-city", "many-cities"]) {
    it(`can be put together for ${overlay.replace("-", " ")}`, function () {
      const kubectl = needsProgram(this, "kubectl");
      const { code, out } = runs(kubectl, ["kustomize", `${folder}/overlays/${overlay}`]);
      expect(code, out).to.equal(0);
      expect(out).to.match(/image: registry\.example\/parvis:/);
    });
  }

  it("runs nothing as root, nothing that writes into its image, nothing without a bound", () => {
    expect(containers).to.have.length(4);
    for (const container of containers) {
      const security = container["securityContext"]!;
      expect(security["readOnlyRootFilesystem"]).to.equal(true);
      expect(security["allowPrivilegeEscalation"]).to.equal(false);
      expect(security["capabilities"]).to.deep.equal({ drop: ["ALL"] });
      expect(container["resources"]).to.have.nested.property("limits.memory");
      expect(container["resources"]).to.have.nested.property("requests.cpu");
    }
    for (const object of workloads) {
      const pod = podOf(object);
      expect(pod["securityContext"]).to.include({ runAsNonRoot: true });
      expect(pod["automountServiceAccountToken"], nameOf(object)).to.equal(false);
    }
  });

  it("sends people where they can be served, and starts nothing again because a store is away", () => {
    for (const object of ofKind("Deployment")) {
      const [container] = podOf(object)["containers"]!;
      expect(container!["readinessProbe"]).to.have.nested.property("httpGet.path", "/readyz");
      expect(container!["livenessProbe"]).to.have.nested.property("httpGet.path", "/healthz");
      expect(container!["startupProbe"]).to.have.nested.property("httpGet.path", "/healthz");
    }
  });

  it("scales and keeps both roles, and lets the autoscaler alone decide how many", () => {
    for (const kind of ["HorizontalPodAutoscaler", "PodDisruptionBudget"]) {
      expect(ofKind(kind).map(nameOf).sort(), kind).to.deep.equal(["web", "worker"]);
    }
    for (const object of ofKind("Deployment"))
      expect(object["spec"]).not.to.have.property("replicas");
  });

  it("selects pods by labels that they have", () => {
    const labels = new Map(
      workloads.map((object) => [
        nameOf(object),
        object["spec"]!["template"]!["metadata"]!["labels"],
      ]),
    );
    for (const object of [...workloads, ...ofKind("PodDisruptionBudget")]) {
      const selector = object["spec"]!["selector"]!["matchLabels"];
      expect(selector, nameOf(object)).to.deep.equal(labels.get(nameOf(object)));
    }
    for (const service of ofKind("Service")) {
      expect(service["spec"]!["selector"]).to.deep.equal(labels.get(nameOf(service)));
    }
  });

  it("closes every way that is not named", () => {
    const [nothing] = ofKind("NetworkPolicy").filter((object) => nameOf(object) === "nothing");
    expect(nothing!["spec"]).to.deep.equal({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it("holds no secret but in the example", () => {
    expect(ofKind("Secret")).to.have.length(2);
    for (const file of whole.filter((name) => !name.endsWith("secret.example.yaml"))) {
      expect(text(file), file).not.to.match(/kind: Secret\b/);
    }
  });
});
