import { expect } from "chai";
import { z } from "zod";
import {
  checkbox,
  defineForm,
  formView,
  line,
  lines,
  orNull,
  readForm,
  Refusal,
  refuseField,
  submit,
  text,
  untouched,
  type FieldError,
  type FormDef,
  type Req,
} from "../../src/kit/index.js";

const form = defineForm(
  {
    title: line(3, 20),
    body: lines(1, 50),
    place: orNull(line(2, 10)),
    year: orNull(z.coerce.number().min(1900).max(2100)),
    agreed: checkbox(),
    password: z.string().min(10),
  },
  { secret: ["password"], labels: { title: "proposals.form.title" } },
);
const good = { title: "Des arbres", body: "Ici.", password: "une longue phrase" };

function posting(body: Readonly<Record<string, unknown>>): Req {
  return {
    ...{
      method: "POST",
      url: "/x",
      path: "/x",
      params: {},
      query: {},
      files: {},
      ip: "",
      remembered: {},
      wantsJson: false,
    },
    body,
  };
}

function mistakes<T>(
  def: FormDef<T>,
  body: Readonly<Record<string, unknown>>,
): readonly FieldError[] {
  try {
    readForm(def, posting(body));
    return [];
  } catch (error) {
    if (error instanceof Refusal) return error.errors;
    throw error;
  }
}

const keyOf = (body: object): string | undefined => mistakes(form, { ...good, ...body })[0]?.key;

describe("A posted form", () => {
  it("is read by its schema, and what it does not name is left out", () => {
    const read = readForm(form, posting({ ...good, place: "", agreed: "on", isAdmin: "on" }));

    expect(read).to.deep.equal({
      ...good,
      ...{ place: null, year: null, agreed: true },
    });
  });

  it("gives every wrong field its own word, all at once", () => {
    const wrong = mistakes(form, { title: "x", body: "", place: "y", password: "short" });

    expect(wrong.map(({ field, key }) => `${field} ${key}`)).to.deep.equal([
      "title refusals.too-short",
      "body refusals.required",
      "place refusals.too-short",
      "password refusals.too-short",
    ]);
  });

  it("says of a text how long it may be, of a field left out that it is needed", () => {
    expect(mistakes(form, { ...good, title: "x".repeat(21) })[0]).to.deep.equal({
      field: "title",
      key: "refusals.too-long",
      params: { max: 20 },
    });
    expect(keyOf({ place: "x".repeat(11) })).to.equal("refusals.too-long");
    expect(mistakes(form, {}).map(({ key }) => key)).to.deep.equal(
      Array<string>(3).fill("refusals.required"),
    );
  });

  const odd: readonly unknown[] = [["a", "b"], { $gt: "" }, 7, true, null];
  for (const value of odd) {
    it(`does not understand ${JSON.stringify(value)} where a text is expected`, () => {
      expect(keyOf({ title: value })).to.equal("refusals.not-understood");
      expect(keyOf({ agreed: value })).to.equal("refusals.not-understood");
    });
  }

  it("keeps what was typed, but never a password nor a list", async () => {
    const req = posting({ ...good, title: ["a", "b"], body: "<b>" });

    const reply = await submit(form, req, {
      accepted: async () => text("text/plain", "accepted"),
      refused: async ({ values }, status) => text("text/plain", JSON.stringify(values), status),
    });

    expect(reply).to.include({ status: 422 });
    expect(JSON.parse((reply as { body: string }).body)).to.deep.equal({
      ...{ title: "", body: "<b>", place: "", year: "", agreed: "" },
    });
  });

  it("is shown again when the use case refuses beside a field; any other refusal passes on", async () => {
    const attempt = (refusal: Refusal) =>
      submit(form, posting(good), {
        accepted: () => Promise.reject(refusal),
        refused: async (typed, status) => text("text/plain", typed.errors[0]?.field ?? "", status),
      });

    expect(await attempt(refuseField("already-taken", "title"))).to.include({
      ...{ body: "title", status: 409 },
    });
    const gone = new Refusal("gone");
    expect(await attempt(gone).catch((error: unknown) => error)).to.equal(gone);
  });

  it("has a value for every field, and words for every error", () => {
    const t = { t: (key: string) => `«${key}»` } as Parameters<typeof formView>[2];
    const typed = { values: { title: "x" }, errors: mistakes(form, { ...good, title: "x" }) };

    expect(formView(form, untouched(), t).values).to.have.all.keys(form.fields as string[]);
    expect(formView(form, typed, t).errors).to.deep.equal([
      { field: "title", text: "«refusals.too-short»", label: "«proposals.form.title»" },
    ]);
  });
});

describe("A typed text", () => {
  const shape = defineForm({ one: line(0, 100), many: lines(0, 100) });
  const read = (typed: string) => readForm(shape, posting({ one: typed, many: typed }));

  it("loses what cannot be seen and could deceive", () => {
    const { one, many } = read("a\u0000b\u202ec\u2066d\u0007e\u007ff");

    expect(one).to.equal("a b c d e f");
    expect(many).to.equal("abcdef");
  });

  it("is one form of Unicode, without white space around it", () => {
    expect(read("  e\u0301te\u0301\t \n").one).to.equal("été");
    expect(read("  a\r\nb\rc  ").many).to.equal("a\nb\nc");
    expect(read("a \n\n b").one).to.equal("a b");
  });

  it("is nothing when only white space was typed", () => {
    const needed = defineForm({ one: line(1, 9), many: lines(1, 9) });
    const wrong = mistakes(needed, { one: " \u200b\u00a0", many: "\n \t" });

    expect(wrong.map(({ key }) => key)).to.deep.equal(["refusals.required", "refusals.required"]);
  });

  // What looked at each character from each other one would take more than an hour, and ends by the run's guard.
  it("is read in linear time, however much of nothing it is", function () {
    this.timeout(0);
    const much = 2_000_000;
    const wishes = [
      { one: " ".repeat(much), many: "\r".repeat(much) },
      { one: "\u0000 ".repeat(much / 2), many: " \n".repeat(much / 2) },
    ];

    const read = wishes.map((typed) => readForm(shape, posting(typed)));

    expect(read).to.deep.equal(wishes.map(() => ({ one: "", many: "" })));
  });
});
