import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { openDesk } from "./support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const city = ["--origin", "https://valmont.example", "--name", "Valmont", "--kind", "city"];

describe("the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  after(() => desk.remove());

  it("explains itself, and ends with 2 when it is called wrongly", async () => {
    const help = await desk.run(["--help"]);
    const topic = await desk.run(["instance", "create", "--help"]);
    const nothing = await desk.run([]);
    const unknown = await desk.run(["frobnicate"]);
    const lacking = await desk.run(["instance", "create", "--name", "Valmont"]);

    expect(help.code).to.equal(0);
    for (const name of ["instance", "admin", "import", "link", "network", "migrate", "doctor"]) {
      expect(help.out).to.include(name);
    }
    expect(topic.out).to.include("Examples:");
    expect(nothing.code).to.equal(2);
    expect(unknown).to.deep.include({ code: 2, out: "" });
    expect(unknown.err).to.include("unknown command 'frobnicate'");
    expect(lacking.code).to.equal(2);
    expect(lacking.err).to.include("--origin");
  });

  it("tells a script in JSON, too, that it was called wrongly", async () => {
    const lacking = await desk.run(["instance", "create", "--name", "Valmont", "--json"]);

    expect(lacking.code).to.equal(2);
    expect(JSON.parse(lacking.out).error).to.include("--origin");
  });

  it("fails when what it answers cannot be written, as on a full disk", async () => {
    const [full, cli] = [openSync("/dev/full", "w"), "src/cli.ts"];
    const child = spawn(process.execPath, ["--import", "tsx", cli, "instance", "list"], {
      ...{ cwd: root, stdio: ["ignore", full, "pipe"] },
      env: { ...process.env, NODE_OPTIONS: "", MONGODB_URL: "", REDIS_URL: "", ...desk.env },
    });
    let err = "";
    child.stderr?.on("data", (text: Buffer) => (err += text.toString()));

    const [code] = (await once(child, "close")) as [number | null];

    closeSync(full);
    expect(code).to.equal(1);
    expect(err).to.include("could not be written: the disk is full");
  });

  it("quotes nothing of a password that was not written as an address wants it", async () => {
    const from = "mongodb://town:hun/ter2@db.example/";

    const { code, err } = await desk.run(["move-store", "--from", from, "--to", "data/parvis.db"]);

    expect(code).to.equal(1);
    expect(err).not.to.contain("hun");
  });

  it("says what it cannot open, and never in the words of a library", async () => {
    const folder = await desk.run(["move-store", "--from", desk.dataDir, "--to", "x.db"]);
    const picture = join(desk.dataDir, "picture.png");
    writeFileSync(picture, "no store".repeat(1_000));
    const other = await desk.run(["move-store", "--from", picture, "--to", "x.db"]);

    expect(folder.err).to.contain(`${desk.dataDir} cannot be opened: it is a folder`);
    expect(other.err).to.contain("picture.png is no store of Parvis");
  });

  it("refuses a wrong configuration in plain words, naming the variable", async () => {
    const ended = await desk.run(["instance", "list"], { env: { PORT: "harbour" } });

    expect(ended.code).to.equal(1);
    expect(ended.err).to.include("PORT").and.not.include("    at ");
  });

  it("says what to look at where MongoDB is not there, or no database of it is named", async () => {
    const list = (MONGODB_URL: string) => desk.run(["instance", "list"], { env: { MONGODB_URL } });

    const away = await list("mongodb://ada:hunter2@127.0.0.1:1/parvis");
    const unnamed = await list("mongodb://ada:hunter2@127.0.0.1:1/?replicaSet=rs0");

    expect([away.code, unnamed.code]).to.deep.equal([1, 1]);
    expect(away.err).to.match(/^MongoDB does not answer \(.+\): check MONGODB_URL/);
    expect(unnamed.err).to.contain("MONGODB_URL").and.to.contain("names the database");
    expect(away.err + unnamed.err).not.to.contain("hunter2");
  });

  it("calls itself as it is called where it runs", async () => {
    const command = "docker compose run --rm cli";

    const here = await desk.run(["backup", "--help"]);
    const there = await desk.run(["backup", "--help"], { env: { PARVIS_COMMAND: command } });

    expect(here.out).to.contain("npm run parvis -- backup");
    expect(there.out).to.contain(`${command} backup`).and.not.to.contain("npm run");
  });

  describe("keeps instances:", () => {
    it("makes one that is active and has topics, and never two of one host", async () => {
      const made = await desk.run([
        "instance",
        "create",
        ...city,
        "--alias",
        "www.valmont.example",
      ]);
      const again = await desk.run(["instance", "create", ...city]);
      const other = ["--origin", "https://roche.example", "--name", "Roche", "--kind", "city"];
      const alias = ["--alias", "www.roche.example", "www.valmont.example"];
      const sameAlias = await desk.run(["instance", "create", ...other, ...alias]);

      expect(made.code).to.equal(0);
      expect(made.out).to.include("admin create --instance valmont.example");
      expect(again).to.deep.include({ code: 1, out: "" });
      expect(again.err).to.equal("An instance has this host already: valmont.example\n");
      expect(sameAlias.err).to.equal("An instance has this host already: www.valmont.example\n");
    });

    it("names every mistake beside its option, and makes nothing", async () => {
      const ended = await desk.run([
        ...["instance", "create", "--origin", "https://velo.example/blog", "--name", "V"],
        ...["--kind", "association", "--handle", "admin", "--alias", "not a host"],
      ]);

      expect(ended.code).to.equal(2);
      expect(ended.err).to.match(/--origin: .*without a path/);
      expect(ended.err).to.match(/--name: 2 to 80/);
      expect(ended.err).to.match(/--handle: .*reserved/);
      expect(ended.err).to.match(/--alias: .*host name/);
      expect(await desk.json<object[]>(["instance", "list"])).to.have.length(1);
    });

    it("suspends and resumes one by its host, its address or an alias", async () => {
      const suspended = await desk.run(["instance", "suspend", "valmont.example"]);
      const twice = await desk.run(["instance", "suspend", "https://valmont.example"]);
      const listed = await desk.json<Array<{ state: string }>>(["instance", "list"]);
      const resumed = await desk.json<{ state: string }>([
        "instance",
        "resume",
        "www.valmont.example",
      ]);
      const unknown = await desk.run(["instance", "resume", "nobody.example"]);

      expect(suspended.out).to.equal("valmont.example is suspended.\n");
      expect(twice.out).to.equal("valmont.example is suspended already.\n");
      expect(listed[0]?.state).to.equal("suspended");
      expect(resumed.state).to.equal("active");
      expect(unknown.code).to.equal(1);
      expect(unknown.err).to.include('No instance is called "nobody.example"');
    });
  });

  describe("makes administrators:", () => {
    const create = ["admin", "create", "--instance", "valmont.example", "--name", "Mairie"];

    it("shows a made-up password once, and refuses a second account of one address", async () => {
      const made = await desk.run([...create, "--mail", "Mairie@Example.org"]);
      const again = await desk.run([...create, "--mail", "mairie@example.org"]);

      expect(made.code).to.equal(0);
      expect(made.out)
        .to.match(/as mairie@example\.org/)
        .and.match(/only now: [\w-]{20}\n/);
      expect(again.code).to.equal(1);
      expect(again.err).to.equal("This mail address has an account on this instance already.\n");
    });

    it("reads a password from standard input and never repeats it", async () => {
      const secret = "un soleil sur la place";

      const made = await desk.run([...create, "--mail", "b@example.org", "--password"], {
        input: `${secret}\n`,
      });
      const short = await desk.run([...create, "--mail", "c@example.org", "--password"], {
        input: "court\n",
      });
      const none = await desk.run([...create, "--mail", "c@example.org", "--password"]);

      expect(made.code).to.equal(0);
      expect(made.out + made.err).to.not.include(secret);
      expect(short.code).to.equal(1);
      expect(short.err).to.include("10 to 200").and.not.include("court");
      expect(none.err).to.include("No password came");
    });

    it("takes no password from the command line", async () => {
      const ended = await desk.run([
        ...create,
        "--mail",
        "d@example.org",
        "--password",
        "sesame-12",
      ]);

      expect(ended.code).to.equal(2);
      expect(ended.err).to.not.include("sesame-12");
    });
  });

  describe("looks after the rest:", () => {
    it("has nothing to migrate on a new store", async () => {
      expect(await desk.json(["migrate"])).to.deep.equal({ migrated: [] });
    });

    it("tells in plain words when the site to link with cannot be reached", async () => {
      const ended = await desk.run([
        "link",
        "http://127.0.0.1:1/",
        "--instance",
        "valmont.example",
      ]);

      expect(ended.code).to.equal(1);
      expect(ended.err).to.include("cannot be reached").and.not.include("    at ");
    });
  });

  describe("brings in files:", () => {
    const row = (code: string): string =>
      JSON.stringify({
        ...{ code, title: `Proposition ${code}`, body: "Des bancs.", supports: 3 },
        ...{ createdAt: "2016-02-01T12:00:00Z", author: "citizen-1", status: "accepted" },
        comments: [],
      });
    const file = (name: string, content: string | Buffer): string => {
      const path = join(desk.dataDir, name);
      writeFileSync(path, content);
      return path;
    };
    const into = ["--instance", "valmont.example"];

    it("gzipped or not, whatever the name says, and the second time changes nothing", async () => {
      const text = `\ufeff${row("A-1")}\r\n\r\n${row("A-2")}`;
      const path = file("really-gzipped.ndjson", gzipSync(text));

      const first = await desk.json<object>(["import", path, ...into, "--source", "old"]);
      const second = await desk.run(["import", file("plain.gz", text), ...into, "--source", "old"]);

      expect(first).to.deep.include({ proposals: 2, supports: 6, refused: 0 });
      expect(second.code).to.equal(0);
      expect(second.out).to.include("There already: 2 proposals.");
    });

    it("lists bad lines with number and cause, and ends with 1", async () => {
      const path = file("bad.ndjson", `${row("B-1")}\n{oops\n${row("B-2")}\n`);

      const ended = await desk.run(["import", path, ...into]);

      expect(ended.code).to.equal(1);
      expect(ended.out).to.include("Brought in: 2 proposals");
      expect(ended.out).to.include("  line 2: not JSON");
    });

    it("says what is wrong with a file that is missing, damaged, cut or something else", async () => {
      const packed = gzipSync(Array.from({ length: 300 }, (_, n) => row(`C-${n}`)).join("\n"));
      const cut = await desk.run([
        ...["import", file("cut.gz", packed.subarray(0, packed.length - 20)), ...into],
      ]);
      const missing = await desk.run(["import", join(desk.dataDir, "none"), ...into]);
      const folder = await desk.run(["import", desk.dataDir, ...into]);
      const other = await desk.run(["import", file("x.png", "\u0089PNG\r\n\u001a\n"), ...into]);

      expect(cut).to.deep.include({ code: 1, out: "" });
      expect(cut.err).to.include("ends too early");
      expect(missing.err).to.include("there is no such file");
      expect(folder.err).to.include("this is a folder");
      expect(other.code).to.equal(1);
      expect(other.err).to.include("No line could be understood; line 1");
    });

    it("brings nothing in of a file that is not whole in UTF-8, so that what it is converted to brings in each proposal once", async () => {
      const rows = Array.from({ length: 400 }, (_, n) => row(`D-${n}`));
      const latin = Buffer.from([...rows, row("D-é")].join("\n"), "latin1");

      const refused = await desk.run(["import", file("latin.ndjson", latin), ...into]);
      const converted = file("utf8.ndjson", latin.toString("latin1"));
      const brought = await desk.json<object>(["import", converted, ...into, "--source", "latin"]);

      expect(refused).to.deep.include({ code: 1, out: "" });
      expect(refused.err).to.include("the file is not in UTF-8").and.not.include("is kept");
      expect(brought).to.deep.include({ proposals: 401, known: 0, refused: 0 });
    });

    it("takes no pipe, which cannot be checked to its end before it is brought in", async () => {
      const pipe = join(desk.dataDir, "pipe");
      execFileSync("mkfifo", [pipe]);

      const refused = await desk.run(["import", pipe, ...into]);

      expect(refused).to.deep.include({ code: 1, out: "" });
      expect(refused.err).to.include("this is a pipe or a device");
    });
  });

  describe("knows a host with an accent:", () => {
    it("as it is spoken, the host and an alias alike", async () => {
      const city = ["--origin", "https://évreux.example", "--name", "Évreux", "--kind", "city"];
      const alias = ["--alias", "www.évreux.example"];

      const made = await desk.run(["instance", "create", ...city, ...alias]);
      const wrong = await desk.run([
        "instance",
        "create",
        ...city,
        "--alias",
        "évreux.example/blog",
      ]);
      const suspended = await desk.run(["instance", "suspend", "Évreux.example"]);
      const resumed = await desk.json<{ state: string }>([
        "instance",
        "resume",
        "www.évreux.example",
      ]);
      const confirm = ["--confirm", "évreux.example"];
      const deleted = await desk.run(["instance", "delete", "https://évreux.example", ...confirm]);

      expect([made.code, made.err, wrong.code]).to.deep.equal([0, "", 2]);
      expect(suspended.out).to.equal("xn--vreux-9ra.example is suspended.\n");
      expect(resumed.state).to.equal("active");
      expect([deleted.code, deleted.err]).to.deep.equal([0, ""]);
    });
  });
});
