import { expect } from "chai";
import type { Store } from "../../../src/drivers/store/collection.js";
import { accounts } from "../../../src/features/accounts/accounts.feature.js";
import { changeRoles, createAccount, loadMember } from "../../../src/features/accounts/accounts.js";
import { administratorsOf } from "../../../src/features/accounts/administrators.js";
import type { Ctx } from "../../../src/kit/index.js";
import { expectRefusal } from "../../support/builders.js";
import { aCity, civicFeatures, closeCities, type City } from "../../support/city.js";
import { aMongoStore, closeMongoStores } from "../../support/mongo-store.js";
import { needs } from "../../support/needs.js";

async function cityOn(kept: Store | null): Promise<City> {
  const features = [...civicFeatures, accounts];
  return aCity({ features, storeThrough: (bare) => kept ?? bare });
}

/** An administrator, signed in. */
async function anAdmin(city: City, mail: string): Promise<Ctx> {
  const { _id } = await createAccount(city.visitor, {
    ...{ name: "Mairie", mail: `${mail}@mail.example`, password: "une longue phrase" },
    ...{ roles: ["citizen", "moderator", "admin"], confirmed: true },
  });
  return signedIn(city, _id);
}

async function signedIn(city: City, memberId: string): Promise<Ctx> {
  const member = await loadMember(city.visitor, memberId);
  if (member === null) throw new Error("there is no such member");
  return city.signedInAs(member);
}

const idOf = ({ member }: Ctx): string => member?._id ?? "";

const everything = { given: [], taken: ["moderator", "official", "admin"] } as const;

/** Take the role from somebody; whether that was allowed. */
async function depose(by: Ctx, whom: Ctx): Promise<boolean> {
  const done = await Promise.allSettled([changeRoles(by, idOf(whom), everything)]);
  return done[0].status === "fulfilled";
}

function neverEndWithout(open: () => Promise<Store | null>): void {
  it("when two take each other’s role at once: one has their way, whoever it is", async () => {
    const city = await cityOn(await open());
    for (let round = 0; round < 5; round += 1) {
      const [ada, bea] = [await anAdmin(city, `a${round}`), await anAdmin(city, `b${round}`)];

      const done = await Promise.all([depose(ada, bea), depose(bea, ada)]);

      expect(done.filter(Boolean)).to.have.length(1);
      const [left, gone] = done[0] === true ? [ada, bea] : [bea, ada];
      expect((await loadMember(city.visitor, idOf(left)))?.roles).to.include("admin");
      expect((await loadMember(city.visitor, idOf(gone)))?.roles).to.deep.equal(["citizen"]);
    }
  });

  it("when many do so in a circle", async () => {
    const city = await cityOn(await open());
    const admins = await Promise.all([1, 2, 3, 4, 5].map((one) => anAdmin(city, `c${one}`)));

    await Promise.all(admins.map((by, at) => depose(by, admins[(at + 1) % 5] as Ctx)));

    expect((await administratorsOf(city.visitor)).size).to.be.above(0);
  });
}

describe("an instance is never left without administrators", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeCities();
    await closeMongoStores();
  });

  describe("on the embedded store", () => neverEndWithout(() => Promise.resolve(null)));

  describe("on MongoDB", () => {
    needs("mongodb");
    neverEndWithout(aMongoStore);
  });

  it("nor led by somebody who was one when their page was drawn", async () => {
    const city = await cityOn(null);
    const [ada, bea] = [await anAdmin(city, "ada"), await anAdmin(city, "bea")];
    await changeRoles(ada, idOf(bea), { given: ["official"], taken: ["moderator", "admin"] });

    await expectRefusal(changeRoles(bea, idOf(ada), everything), "not-allowed");
    await expectRefusal(
      changeRoles(bea, idOf(bea), { given: ["admin"], taken: [] }),
      "not-allowed",
    );
    await expectRefusal(
      changeRoles(bea, idOf(bea), { given: ["moderator"], taken: [] }),
      "not-allowed",
    );

    expect((await signedIn(city, idOf(bea))).member?.roles).to.deep.equal(["citizen", "official"]);
    expect(await administratorsOf(city.visitor)).to.deep.equal(new Set([idOf(ada)]));
  });

  it("and keeps no trace of one whose address was taken", async () => {
    const city = await cityOn(null);
    const ada = await anAdmin(city, "ada");

    await expectRefusal(anAdmin(city, "ada"), "already-taken");

    expect(await administratorsOf(city.visitor)).to.deep.equal(new Set([idOf(ada)]));
  });
});
