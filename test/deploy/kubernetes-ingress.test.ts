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

  it("tells browsers to come by TLS alone, by what is there under that name", () => {
    const [middleware] = ofKind("Middleware");
    const { namespace } = fields(documents(`${folder}/base/kustomization.yaml`)[0]);
    const annotations = fields(ofKind("Ingress")[0]!["metadata"]!["annotations"]);
    expect(annotations["traefik.ingress.kubernetes.io/router.middlewares"]).to.equal(
      `${String(namespace)}-${nameOf(middleware!)}@kubernetescrd`,
    );
  });
});
