import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { root, scratchFolder, write } from "../bootstrap/scratch.js";

/** Stands in for npm: installs and builds in no time. */
const npm = `#!/bin/sh
[ "$1" = ci ] && mkdir node_modules || mkdir dist
`;
/** Stands in for systemctl: notes its words, and where the program was then; a backup is an empty file. */
const systemctl = `#!/bin/sh
if [ "$*" = "start parvis-backup.service" ]; then
  $AS_PARVIS flock -n -s -E 75 /run/parvis-upgrade.lock true 9>&- || [ $? -ne 75 ] || echo "locked" >> "$SCRATCH/log"
  touch "/var/backups/parvis/before-upgrade-$(date -u +%Y%m%dT%H%M%SZ).backup"
fi
echo "systemctl $* at $(basename "$(readlink /opt/parvis/current 2>/dev/null)")" >> "$SCRATCH/log"
`;
/**
 * Stands in for systemd-run: notes what the command line is told of its caller, and waits for the server from
 * the sources, configured by the same file.
 */
const systemdRun = `#!/bin/sh
while [ "$1" != -- ]; do
  case $1 in
    --property=EnvironmentFile=*) file=\${1##*=} ;;
    --setenv=PARVIS_FOLDER=*) echo "from \${1##*=}" >> "$SCRATCH/log" ;;
  esac
  shift
done
case "$*" in
  *" node dist/ready.js "*)
    loader=$ROOT/node_modules/tsx/dist/loader.mjs
    # As systemd does: of the caller's environment nothing is handed on.
    exec env -i PATH="$PATH" node --env-file="$file" --import="$loader" "$ROOT/src/ready.ts" "$5" ;;
esac
`;
/** What the server and its backups run as. */
const asParvis = "setpriv --reuid=parvis --regid=parvis --clear-groups";
/** Each upgrade has a name of its own: releases are named after their second. */
const scenario = `set -eu
mkdir "$SCRATCH/etc" && cp -a /etc/. "$SCRATCH/etc"
mount --bind "$SCRATCH/etc" /etc
mkdir -p /etc/systemd/system
for folder in /run /opt /usr/local/sbin /var/lib /var/backups; do mount -t tmpfs tmpfs "$folder"; done
now() { basename "$(readlink /opt/parvis/current)"; }
backups() { ls /var/backups/parvis | wc -l >> "$SCRATCH/backups"; }
note() { echo "$*" >> "$SCRATCH/log"; }
# What a clone is that was made with "umask 077".
clone=$SCRATCH/clone
mkdir "$clone"
cp -R package.json package-lock.json .npmrc tsconfig.json LICENSE README.md src views deploy "$clone"
for own in deploy/systemd deploy/kubernetes/overlays/ours; do mkdir -p "$clone/$own"; echo secret > "$clone/$own/own.env"; done
chmod -R go= "$clone"
go() { sh "$clone/deploy/systemd/$1" >> "$SCRATCH/said" 2>&1 && note "$1 ended well" || note "$1 failed"; }
go install
note $(stat -c '%U:%G %a' /etc/parvis/parvis.env /var/lib/parvis /var/backups/parvis)
first=$(now)
# As an editor of another system leaves it.
sed -i "s/^PORT=.*/PORT=$LISTENS \\r/" /etc/parvis/parvis.env
go install
# As anybody may hold a file that all may read.
touch /run/parvis-upgrade.lock && chmod 0644 /run/parvis-upgrade.lock
touch /var/backups/parvis/before-upgrade-20260101T120000Z.backup
sleep 1.1; PARVIS_PATIENCE=60 go upgrade; backups
second=$(now)
setpriv --reuid=nobody --clear-groups flock -n -s /run/parvis-upgrade.lock true || [ $? -ne 66 ] || note "closed to others"
sleep 1.1; touch "$SCRATCH/broken"; go upgrade; backups
[ "$(now)" = "$second" ] && note "runs what ran before"
[ "$(ls /opt/parvis/releases | wc -l)" -eq 2 ] && note "nothing else is left"
(exec 8>/run/parvis-upgrade.lock; flock 8; go upgrade 8>&-; note "with another one under way")
[ -d "/opt/parvis/releases/$first" ] && note "the one before is there"
grep -q "^PORT=$LISTENS .$" /etc/parvis/parvis.env && note "settings are kept"
(cd /opt/parvis/current && $AS_PARVIS find package.json LICENSE node_modules views dist \\( ! -readable -o -type d ! -executable \\)) > "$SCRATCH/closed" 2>&1 || true
[ -s "$SCRATCH/closed" ] || note "the server reads what it runs from"
[ -z "$(cd / && $AS_PARVIS find /opt/parvis -name own.env -readable 2>/dev/null)" ] && note "closed files stay closed"
[ -z "$(find /opt/parvis -name own.env -path '*/overlays/*')" ] && note "no overlay is copied"
[ -x /opt/parvis/current/deploy/systemd/upgrade ] && note "scripts may be run"
mkdir /opt/"my files"; (cd /opt/"my files" && /usr/local/sbin/parvis import proposals.ndjson)
ls /usr/local/sbin /etc/systemd/system/parvis* >> "$SCRATCH/files"
sleep 1.1; go upgrade; backups
rm "$SCRATCH/broken"
export PARVIS_PATIENCE=60
sleep 1.1; go upgrade; backups
sleep 1.1; go upgrade; backups
sed -i "s/$first/FIRST/; s/$second/SECOND/" "$SCRATCH/log"
`;

/** Whether this process may make mounts that nobody else sees. */
function mayMount(): boolean {
  return spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/opt"]).status === 0;
}

describe("an installation under systemd", function () {
  this.timeout(60_000);
  const folder = scratchFolder();
  const lines = (): string[] => readFileSync(join(folder(), "log"), "utf8").trim().split("\n");
  let server: Server;

  before(async function () {
    if (!mayMount()) {
      console.log("skipped: an installation under systemd (needs root, to mount)");
      this.skip();
    }
    server = createServer((_req, res) => {
      res.writeHead(existsSync(join(folder(), "broken")) ? 503 : 200).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const programs = { npm, systemctl, "systemd-run": systemdRun };
    write(join(folder(), "bin"), programs);
    write(folder(), { log: "", said: "" });
    for (const name of Object.keys(programs)) chmodSync(join(folder(), "bin", name), 0o755);
    const env = {
      ...{ ...process.env, PATH: `${folder()}/bin:${process.env["PATH"]}`, SCRATCH: folder() },
      ...{ LISTENS: `${(server.address() as AddressInfo).port}`, PARVIS_PATIENCE: "2", ROOT: root },
      AS_PARVIS: asParvis,
    };
    const words = ["--mount", "sh", "-c", scenario];
    const child = spawn("unshare", words, {
      cwd: root,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code, readFileSync(join(folder(), "said"), "utf8")).to.equal(0);
  });
  after(() => server?.close());

  it("opens settings and data to the server's own user alone", () => {
    expect(lines().slice(1, 3)).to.deep.equal([
      "install ended well",
      "root:parvis 640 parvis:parvis 700 parvis:parvis 700",
    ]);
  });

  it("is readable by the server's user, whatever the sources were cloned with", () => {
    expect(lines()).to.include.members([
      "the server reads what it runs from",
      "scripts may be run",
    ]);
  });

  it("opens nothing to others that was kept closed among the sources", () => {
    expect(lines()).to.include.members(["closed files stay closed", "no overlay is copied"]);
  });

  it("is made once, and changes no setting later", () => {
    expect(lines()).to.include("install failed").and.include("settings are kept");
  });

  it("is upgraded after a backup, and keeps the version of before", () => {
    const from = lines().indexOf("install failed");
    expect(lines().slice(from + 1, from + 6)).to.deep.equal([
      "locked",
      "systemctl start parvis-backup.service at FIRST",
      "systemctl daemon-reload at SECOND",
      "systemctl restart parvis.service at SECOND",
      "upgrade ended well",
    ]);
    expect(lines()).to.include("the one before is there");
  });

  it("goes back by itself when the new version does not get ready", () => {
    const end = lines().indexOf("upgrade failed");
    expect(lines().slice(end - 2, end)).to.deep.equal([
      "systemctl daemon-reload at SECOND",
      "systemctl restart parvis.service at SECOND",
    ]);
    expect(lines()).to.include.members(["runs what ran before", "nothing else is left"]);
  });

  it("keeps the first backup since the last good upgrade until another one ended well", () => {
    const counts = readFileSync(join(folder(), "backups"), "utf8").trim().split("\n");
    // From a good upgrade, of two that failed, of a good one after them, of the next good one.
    expect(counts).to.deep.equal(["1", "2", "3", "3", "2"]);
  });

  it("lets nobody but root and the server's user say that an upgrade is under way", () => {
    expect(lines()).to.include("closed to others");
  });

  it("is upgraded by one at a time", () => {
    const at = lines().indexOf("with another one under way");
    expect(lines().slice(at - 2, at)).to.deep.equal(["nothing else is left", "upgrade failed"]);
  });

  it("has a command line that takes paths from where it is called", () => {
    expect(lines()).to.include("from /opt/my files");
  });

  it("leaves units and commands where systemd and people look", () => {
    const files = readFileSync(join(folder(), "files"), "utf8");
    for (const name of [
      "parvis",
      "parvis-backup",
      "parvis-backup.service",
      "parvis-backup.timer",
    ]) {
      expect(files).to.match(new RegExp(`(?:^|/)${name}$`, "m"));
    }
  });
});
