import { expect } from "chai";
import { documents, entries, fields } from "./files.js";
import { folder, nameOf, ofKind } from "./manifests.js";

describe("the way to a deployment on Kubernetes", () => {
  for (const overlay of ["one-city", "many-cities"]) {
    it(`leads to the first site, with a certificate that can be had (${overlay})`, () => {
      const [ingress] = ofKind("Ingress");
      const [issuer] = ofKind("ClusterIssuer");
      const { host } = new URL(ofKind("ConfigMap")[0]!["data"]!["PUBLIC_URL"]!);
      const patches = entries(
        documents(`${folder}/overlays/${overlay}/kustomization.yaml`)[0]!["patches"],
      );
      const changed = patches
        .filter((patch) => patch["target"]!["kind"] === "Ingress")
        .map((patch) => patch["patch"] as string);

      const [rule] = entries(ingress!["spec"]!["rules"]);
      const [tls] = entries(ingress!["spec"]!["tls"]);
      expect(rule!["host"]).to.equal(host);
      // A wildcard beside it would need another proof: then neither had a certificate.
      expect(tls!["hosts"]).to.deep.equal([host]);
      for (const patch of changed) expect(patch).not.to.match(/op: (?:replace|remove)|tls\/0/);
      const annotations = fields(ingress!["metadata"]!["annotations"]);
      expect(annotations["cert-manager.io/cluster-issuer"]).to.equal(nameOf(issuer!));
      expect(issuer!["spec"]!["acme"]).to.have.deep.property("solvers", [
        { http01: { ingress: { ingressClassName: ingress!["spec"]!["ingressClassName"] } } },
      ]);
    });
  }

  it("lets the controller reach the pages and what proves a host, and nobody else reach more", () => {
    const ways = ofKind("NetworkPolicy").flatMap((policy) =>
      entries(policy["spec"]!["ingress"]).flatMap(({ from, ports }) => {
        const said = JSON.stringify(from);
        const to = JSON.stringify(policy["spec"]!["podSelector"]);
        return said.includes('"traefik"') ? [[to, entries(ports).map(({ port }) => port)]] : [];
      }),
    );
    expect(ways).to.have.length(2);
    expect(ways[0]![0]).to.include('"web"');
    expect(ways[0]![1]).to.deep.equal(["http"]);
    expect(ways[1]).to.deep.equal([
      '{"matchLabels":{"acme.cert-manager.io/http01-solver":"true"}}',
      [8089],
    ]);
  });

  it("has visitors come by TLS alone, and not to the figures, by what is there under those names", () => {
    const { namespace } = fields(documents(`${folder}/base/kustomization.yaml`)[0]);
    const there = ofKind("Middleware");
    const annotations = fields(ofKind("Ingress")[0]!["metadata"]!["annotations"]);
    expect(annotations["traefik.ingress.kubernetes.io/router.middlewares"]).to.equal(
      there.map((one) => `${String(namespace)}-${nameOf(one)}@kubernetescrd`).join(","),
    );
    const [{ stsSeconds }, { regex, replacement }] = [
      there[0]!["spec"]!["headers"]!,
      there[1]!["spec"]!["replacePathRegex"]!,
    ] as unknown as [{ stsSeconds: number }, { regex: string; replacement: string }];
    expect(stsSeconds).to.equal(31_536_000);
    const arrivesAt = (path: string): string => path.replace(new RegExp(regex), replacement);
    expect(["/metrics", "/metrics/x", "/proposals/metrics"].map(arrivesAt)).to.deep.equal([
      "/404",
      "/404",
      "/proposals/metrics",
    ]);
  });
});
