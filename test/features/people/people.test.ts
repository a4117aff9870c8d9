import { expect } from "chai";
import {
  consentToNetwork,
  erasePerson,
  leaveNetwork,
  peopleByIds,
  personByHandle,
  personById,
  personByUri,
  receivePerson,
  renamePerson,
} from "../../../src/features/people/people.js";
import { expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";

const ana = {
  ...{ uri: "https://social.example/users/ana", name: "Ana", handle: "ana@social.example" },
  ...{ url: "https://social.example/@ana", host: "social.example", about: "" },
};

describe("a person of this instance", () => {
  afterEach(closeCities);

  it("has a random handle that tells nothing of them", async () => {
    const city = await aCity();
    const ctx = await city.newcomer("Camille Durand");
    const person = await personById(ctx, ctx.member._id);
    expect(person?.handle).to.match(/^[a-z][a-z0-9]{9}$/);
    expect(person?.url).to.equal(`/people/${person?.handle}`);
    expect(person?.federated).to.equal(false);
    expect(person?.uri).to.equal(null);
  });

  it("becomes an actor on the network by consent, and may leave it", async () => {
    const city = await aCity();
    const ctx = await city.newcomer();

    const consenting = await consentToNetwork(ctx);

    expect(consenting.uri).to.equal(`https://valmont.example/people/${consenting.handle}`);
    expect((await personByUri(ctx, consenting.uri ?? ""))?.federated).to.equal(true);
    expect((await leaveNetwork(ctx)).federated).to.equal(false);
    await expectRefusal(consentToNetwork(city.visitor), "not-signed-in");
  });

  it("is a former member once erased, for good", async () => {
    const city = await aCity();
    const ctx = await city.newcomer("Camille");
    await renamePerson(ctx, { name: "Camille D.", about: "J’aime les arbres." });

    await erasePerson(ctx, ctx.member._id);
    await erasePerson(ctx, ctx.member._id);

    const person = await personById(ctx, ctx.member._id);
    expect(person?.name).to.equal("Ancien membre");
    expect(person?.about).to.equal("");
    await expectRefusal(renamePerson(ctx, { name: "Retour", about: "" }), "not-found");
  });
});

describe("a person of elsewhere", () => {
  afterEach(closeCities);

  it("is one person however often they are told of, at once or later", async () => {
    const city = await aCity();

    const told = await Promise.all([1, 2, 3].map(() => receivePerson(city.visitor, ana)));
    const renamed = await receivePerson(city.visitor, { ...ana, name: "Ana Bis" });

    expect(new Set([...told, renamed].map(({ _id }) => _id)).size).to.equal(1);
    expect(renamed).to.include({ name: "Ana Bis", url: ana.url, handle: ana.handle });
    expect((await peopleByIds(city.visitor, [renamed._id, null, "?"])).size).to.equal(1);
  });

  it("may come back under the same handle with another account", async () => {
    const city = await aCity();
    const former = await receivePerson(city.visitor, ana);

    const again = await receivePerson(city.visitor, { ...ana, uri: `${ana.uri}-2` });

    expect(again._id).not.to.equal(former._id);
    expect(again.handle).to.equal(ana.handle);
  });

  it("never passes for somebody of this instance", async () => {
    const city = await aCity();
    const person = await consentToNetwork(await city.newcomer("Camille"));
    const forged = { ...ana, uri: person.uri ?? "", name: "Faux" };

    expect((await receivePerson(city.visitor, forged)).name).to.equal("Camille");
    await receivePerson(city.visitor, ana);
    expect(await personByHandle(city.visitor, ana.handle)).to.equal(null);
  });
});
