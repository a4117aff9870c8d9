import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { filesIn, needsProgram, runs, text } from "./files.js";

const units = filesIn("deploy/systemd").filter((name) => /\.(service|timer)$/.test(name));
const services = units.filter((name) => name.endsWith(".service"));
const proxies = ["deploy/nginx/parvis.conf", "deploy/caddy/Caddyfile", "docker/caddy/Caddyfile"];
const shared = "docker/caddy/parvis.caddy";

/** What a proxy is configured with, and what that imports. */
function configOf(proxy: string): string {
  const own = text(proxy);
  return own.includes("import parvis.caddy") ? `${text(shared)}\n${own}` : own;
}

/** The lines of a unit's section, as name and value. */
function settingsOf(unit: string): string[] {
  return text(unit)
    .split("\n")
    .filter((line) => /^[A-Za-z]+=/.test(line));
}

describe("one server under systemd", () => {
  it("has units without a mistake", function () {
    const analyze = needsProgram(this, "systemd-analyze");
    const { out } = runs(analyze, ["verify", ...units]);
    const said = out
      .split("\n")
      .filter((line) => /(?:^|\/)parvis[^ ]*(?:service|timer)\b/.test(line));
    // Programs that the installation brings are not there where the tests run.
    expect(said.filter((line) => !/is not executable: No such file/.test(line))).to.deep.equal([]);
  });

  it("leaves an intruder next to nothing", function () {
    const analyze = needsProgram(this, "systemd-analyze");
    for (const service of services) {
      const given = ["security", "--offline=true", "--threshold=20", "--no-pager", service];
      const { code, out } = runs(analyze, given);
      if (/unrecognized option|Unknown/.test(out)) this.skip();
      expect(code, out.split("\n").slice(-3).join("\n")).to.equal(0);
    }
  });

  it("confines the nightly backup as it confines the server", () => {
    const confined =
      /^(?:Protect|Private|Restrict|SystemCall|Capab|Ambient|NoNew|Lock|Keyring|Remove)/;
    const [backup, server] = services.map((unit) =>
      settingsOf(unit).filter((line) => confined.test(line)),
    );
    expect(services).to.have.length(2);
    expect(backup).to.deep.equal(server);
  });

  it("lets the server finish, and starts it again whatever ended it", () => {
    expect(settingsOf("deploy/systemd/parvis.service")).to.include.members([
      "TimeoutStopSec=30",
      "Restart=always",
      "User=parvis",
    ]);
  });
});

describe("the proxy before the server", () => {
  it("is a configuration that nginx takes, and that it takes before there is a certificate", function () {
    const nginx = needsProgram(this, "nginx");
    const openssl = needsProgram(this, "openssl");
    const folder = mkdtempSync(join(tmpdir(), "parvis-nginx-"));
    const config = join(folder, "nginx.conf");
    const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const scratch = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n");
    const takes = (...files: string[]): ReturnType<typeof runs> => {
      const sites = files
        .map((file) => text(`deploy/nginx/${file}`))
        .join("\n")
        .replaceAll("/etc/letsencrypt/live/parvis.example", folder)
        .replaceAll("/var/log/nginx", folder);
      const all = `pid ${folder}/pid;\nevents {}\nhttp {\n${scratch}\n${sites}\n}\n`;
      writeFileSync(config, all);
      return runs(nginx, ["-t", "-p", folder, "-c", config]);
    };
    try {
      const before = takes("parvis-http.conf");
      const [key, chain] = [join(folder, "privkey.pem"), join(folder, "fullchain.pem")];
      const subject = ["-subj", "/CN=parvis.example", "-keyout", key, "-out", chain];
      runs(openssl, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject]);
      const after = takes("parvis-http.conf", "parvis.conf");
      expect(before.code, before.out).to.equal(0);
      expect(after.code, after.out).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  for (const file of proxies.slice(1)) {
    it(`is a configuration that Caddy takes (${file})`, function () {
      const caddy = needsProgram(this, "caddy");
      const home = mkdtempSync(join(tmpdir(), "parvis-caddy-"));
      const env = { HOME: home, SITE_HOSTS: "a.example, b.example", ACME_MAIL: "a@a.example" };
      const said = text(file).replace("/var/log/caddy", home);
      writeFileSync(join(home, "Caddyfile"), said);
      writeFileSync(join(home, "parvis.caddy"), text(shared));
      try {
        const given = ["validate", "--adapter", "caddyfile", "--config", join(home, "Caddyfile")];
        const { code, out } = runs(caddy, given, env);
        expect(code, out).to.equal(0);
        expect(out).not.to.include("not formatted");
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    });
  }

  it("hides the same of a request that was not answered as of one that was", () => {
    const hides =
      /^\tlog(?: default)? \{\n(?:\t\toutput (?:.*[^{]|.*\{\n(?:\t\t\t.*\n)+\t\t\})\n)?\t\timport parvis-log\n\t\}$/gm;
    for (const file of proxies.slice(1)) {
      const [logs, hidden] = [/^\tlog\b/gm, hides].map((what) => configOf(file).match(what));
      expect(
        hidden?.map((log) => log.split(" {")[0]),
        file,
      ).to.deep.equal(["\tlog default", "\tlog"]);
      expect(logs, file).to.have.length(2);
      expect(text(file), file).to.match(/^\{\n(?:\t.*\n)*\timport parvis-options\n\}$/m);
    }
  });

  it("writes into no log what would let somebody in: what follows ?, and links sent by mail", () => {
    const secret = [
      "/set-up/abc",
      "/confirm/abc",
      "/reset/abc",
      "/unsubscribe/m/abc",
      "/search?q=abc",
    ];
    for (const file of proxies.slice(1)) {
      const pattern = /request>uri regexp "(.+)" "\$1"/.exec(configOf(file))?.[1] ?? "";
      for (const uri of [...secret, "/reset/abc?x=abc"]) {
        expect(uri.replace(new RegExp(pattern), "$1"), file).not.to.include("abc");
      }
      expect("/proposals/12".replace(new RegExp(pattern), "$1")).to.equal("/proposals/12");
    }
    const patterns = [...text(proxies[0]!).matchAll(/"~(\^\S+)" /g)].map((match) => match[1]!);
    const [link, bare] = patterns.map((pattern) => new RegExp(pattern));
    for (const uri of secret) {
      const logged = (link!.exec(uri) ?? bare!.exec(uri))?.[1];
      expect(logged).to.be.a("string").that.does.not.include("abc");
    }
    expect(text(proxies[0]!)).not.to.match(
      /\$(?:request|request_uri|args|http_\w+)\b(?! \$parvis| \{)(?!;)/,
    );
  });

  it("tells the server who asks, whatever the visitor claims, and keeps no page", () => {
    const nginx = text(proxies[0]!);
    for (const header of ["Host $host", "X-Forwarded-Host $host", "X-Forwarded-For $remote_addr"]) {
      expect(nginx).to.include(`proxy_set_header ${header};`);
    }
    expect(nginx).to.include("proxy_cache off;").and.not.include("proxy_cache_path");
  });

  it("has people wait for a server that starts anew, and lets nobody take one out of turn", () => {
    for (const file of proxies.slice(1)) {
      expect(text(file), file).to.match(/^\t\tlb_try_duration 10s$/m);
      // A visitor who breaks off in an upload would count as a failure of the server.
      expect(text(file), file).not.to.match(/^\s*fail_duration/m);
    }
  });

  it("takes two pictures of the largest size, and shows nobody outside the figures", () => {
    for (const file of proxies) {
      expect(configOf(file), file).to.match(/(?:client_max_body_size 12m|max_size 12MB)/);
      expect(configOf(file), file).to.match(
        /(?:respond \/metrics\* 404|location ~\* \^\/metrics \{ return 404; \})/,
      );
    }
  });
});
