import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
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
import { folder, nameOf, objects, ofKind, secrets, whole } from "./manifests.js";

const workloads = ofKind("Deployment", "StatefulSet");
const podOf = (object: Tree): Tree => object["spec"]!["template"]!["spec"]!;
const containers = workloads.flatMap((object) => entries(podOf(object)["containers"]));

/** What is not Kubernetes' own, as far as it is used: the documentation of Traefik 3 and of cert-manager 1. */
const others: Readonly<Record<string, string>> = {
  "traefik.io/v1alpha1 Middleware":
    "{ headers: { stsSeconds: number } } | { replacePathRegex: { regex: string; replacement: string } }",
  "cert-manager.io/v1 ClusterIssuer": `{ acme: { server: string; email: string;
    privateKeySecretRef: { name: string };
    solvers: { http01: { ingress: { ingressClassName: string } } }[] } }`,
};

function typeOf(object: Tree): string {
  const { apiVersion, kind } = object as unknown as { apiVersion: string; kind: string };
  const other = others[`${apiVersion} ${kind}`];
  if (other !== undefined) {
    const metadata = 'import("kubernetes-types/meta/v1.js").ObjectMeta';
    return `{ apiVersion: "${apiVersion}"; kind: "${kind}"; metadata: ${metadata}; spec: ${other} }`;
  }
  const [group, version] = apiVersion.includes("/")
    ? apiVersion.replace(/\.k8s\.io/, "").split("/")
    : ["core", apiVersion];
  return `import("kubernetes-types/${group}/${version}.js").${kind}`;
}

/** A program that compiles when each object has the fields that Kubernetes gives to its kind. */
function typedProgram(list: readonly { file: string; object: Tree }[]): string {
  return list
    .map(({ file, object }, at) => {
      const value = JSON.stringify(object, null, 1);
      return `// ${file}\nexport const o${at}: ${typeOf(object)} = ${value};`;
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
    const parts = [
      "components/stores",
      "components/bucket",
      "overlays/one-city",
      "overlays/many-cities",
    ];
    for (const name of ["base", ...parts]) {
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

  for (const overlay of ["one-city", "many-cities"]) {
    it(`asks for no volume when pictures are kept in a bucket (${overlay})`, function () {
      const kubectl = needsProgram(this, "kubectl");
      const above = "../../../deploy/kubernetes";
      const lines = [
        "apiVersion: kustomize.config.k8s.io/v1beta1",
        "kind: Kustomization",
        `resources: [${above}/overlays/${overlay}]`,
        `components: [${above}/components/bucket]`,
      ];
      mkdirSync(join(root, "test/output"), { recursive: true });
      const scratch = mkdtempSync(join(root, "test/output/bucket-"));
      try {
        writeFileSync(join(scratch, "kustomization.yaml"), lines.join("\n"));
        const { code, out } = runs(kubectl, ["kustomize", scratch]);
        expect(code, out).to.equal(0);
        expect(out).to.include("kind: Deployment").and.not.include("claimName: data");
        const claims = out
          .split("---\n")
          .filter((one) => /^kind: PersistentVolumeClaim$/m.test(one));
        expect(claims).to.deep.equal([]);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
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

  it("holds no secret, and makes them by chance", () => {
    for (const file of whole) expect(text(file), file).not.to.match(/kind: Secret\b/);
    const [parvis, backup, stores] = secrets.map((secret) => secret["stringData"]!);
    const own = [parvis!["SECRET"], parvis!["METRICS_TOKEN"], ...Object.values(fields(backup))];
    const all = [...own, ...Object.values(fields(stores))] as string[];
    expect(all).to.have.length(7);
    for (const value of all) expect(value).to.match(/^[0-9a-f]{64}$/);
    expect(new Set(all).size).to.equal(7);
    expect(parvis!["MONGODB_URL"]).to.include(`parvis:${stores!["MONGODB_PASSWORD"]!}@mongodb`);
    expect(parvis!["REDIS_URL"]).to.include(`:${stores!["REDIS_PASSWORD"]!}@redis`);
  });

  it("writes secrets for their owner's eyes alone, and over no others", () => {
    const scratch = mkdtempSync(join(tmpdir(), "parvis-secret-"));
    const file = join(scratch, "secret.yaml");
    try {
      expect(runs("sh", [`${folder}/make-secret`, file]).code).to.equal(0);
      const before = readFileSync(file, "utf8");
      expect(runs("sh", [`${folder}/make-secret`, file]).code).to.equal(1);
      expect(runs("sh", [`${folder}/make-secret`]).code).to.equal(64);
      expect(readFileSync(file, "utf8")).to.equal(before);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect(readdirSync(scratch)).to.deep.equal(["secret.yaml"]);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
