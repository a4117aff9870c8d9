import { expect } from "chai";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { text } from "./files.js";

const source = text("docker/Dockerfile");
const dockerfile = DockerfileParser.parse(source);
const words = (keyword: string): string[] =>
  dockerfile
    .getInstructions()
    .filter((one) => one.getKeyword() === keyword)
    .map((one) => one.getRawArgumentsContent() ?? "");

describe("the image", () => {
  it("is described without a mistake that the builder would find", () => {
    expect(validate(source).map(({ message }) => message)).to.deep.equal([]);
    expect(validate("FROM node\nEXPOSE many\n")).to.have.length(1);
  });

  it("is built on a pinned release of Node, and holds nothing of what built it", () => {
    const bases = dockerfile.getFROMs().map((from) => from.getImage());
    expect(bases).to.deep.equal(["node:24-bookworm-slim", "node:24-bookworm-slim"]);
    expect(words("RUN")).to.include("npm ci --omit=dev --ignore-scripts");
    expect(words("COPY").slice(-5).join("\n")).not.to.match(/\bsrc\b|package-lock|tsconfig/);
  });

  it("is readable by the server's user, whatever the sources were cloned with", () => {
    const opened = words("RUN").find((one) => one.startsWith("chmod -R u=rwX,go=rX "))!;
    const image = source.slice(source.lastIndexOf("\nFROM "));
    const served = [...image.matchAll(/^COPY (?:--from=build \/app\/)?(\S+)/gm)].map(
      (line) => line[1]!,
    );
    expect(image).not.to.match(/^COPY (?!--from=build)/m);
    expect(["node_modules", ...opened.split(" ")]).to.include.members(served);
  });

  it("serves as nobody in particular, and hears when it shall stop", () => {
    expect(words("USER")).to.deep.equal(["1000:1000"]);
    expect(words("ENTRYPOINT")).to.deep.equal(['["tini", "--"]']);
    expect(words("CMD")).to.deep.equal(['["node", "--max-semi-space-size=32", "dist/main.js"]']);
    expect(words("STOPSIGNAL")).to.deep.equal(["SIGTERM"]);
  });

  it("says what it is and under which licence", () => {
    const labels = words("LABEL").join(" ");
    for (const name of ["title", "description", "licenses", "version", "revision", "source"]) {
      expect(labels).to.include(`org.opencontainers.image.${name}=`);
    }
  });

  it("is made from named files alone, so that no secret and no data can slip in", () => {
    const lines = text(".dockerignore").split("\n");
    const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
    const sent = rules.slice(1).map((rule) => rule.replace(/^!/, ""));
    const copied = [...source.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap((line) =>
      line[1]!.split(" "),
    );
    expect(rules[0]).to.equal("*");
    expect(sent.sort()).to.deep.equal(copied.sort());
  });
});
