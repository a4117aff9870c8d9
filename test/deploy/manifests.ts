import { documents, filesIn, madeSecrets, type Tree } from "./files.js";

/** Where the manifests are. */
export const folder = "deploy/kubernetes";
/** Every manifest but those of kustomize. */
export const whole = filesIn(folder).filter(
  (name) => name.endsWith(".yaml") && !name.endsWith("/kustomization.yaml"),
);
/** The secrets of one deployment. */
export const secrets = madeSecrets();
/** Every object, with where it is from. */
export const objects = [
  ...whole.flatMap((file) => documents(file).map((object) => ({ file, object }))),
  ...secrets.map((object) => ({ file: "make-secret", object })),
];
/** The objects of some kinds. */
export const ofKind = (...kinds: string[]): Tree[] =>
  objects.filter(({ object }) => kinds.includes(object["kind"]!)).map(({ object }) => object);
/** What an object is called. */
export const nameOf = (object: Tree): string => object["metadata"]!["name"]!;
