import type { Language } from "../../kit/index.js";

/** A theme of local life that a new instance begins with. */
interface StarterTheme {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

/** What most communes talk about, in each language; set-up offers them, and anyone may rename. */
export const starterThemes: Readonly<Record<Language, readonly StarterTheme[]>> = {
  fr: [
    {
      slug: "deplacements",
      name: "Se déplacer",
      description: "Rues, trottoirs, vélos, bus et stationnement.",
    },
    {
      slug: "nature",
      name: "Nature et parcs",
      description: "Arbres, jardins, rivières, fraîcheur et animaux en ville.",
    },
    {
      slug: "logement",
      name: "Logement et urbanisme",
      description: "Se loger, construire, rénover, aménager les quartiers.",
    },
    {
      slug: "ecoles",
      name: "Enfance et écoles",
      description: "Crèches, écoles, cantines et activités des plus jeunes.",
    },
    {
      slug: "culture",
      name: "Culture, sport et fêtes",
      description: "Bibliothèques, salles, terrains, spectacles et associations.",
    },
    {
      slug: "solidarite",
      name: "Solidarité et santé",
      description: "Se soigner, s’entraider, vieillir chez soi, vivre avec un handicap.",
    },
    {
      slug: "commerces",
      name: "Commerces et emploi",
      description: "Marchés, boutiques, ateliers et travail près de chez soi.",
    },
    {
      slug: "vie-publique",
      name: "Vie publique",
      description: "Services de la mairie, budget, information et participation.",
    },
  ],
  en: [
    {
      slug: "getting-around",
      name: "Getting around",
      description: "Streets, pavements, cycling, buses and parking.",
    },
    {
      slug: "nature",
      name: "Nature and parks",
      description: "Trees, gardens, rivers, shade and animals in town.",
    },
    {
      slug: "housing",
      name: "Housing and planning",
      description: "Finding a home, building, renovating, shaping neighbourhoods.",
    },
    {
      slug: "schools",
      name: "Children and schools",
      description: "Nurseries, schools, school meals and activities for the young.",
    },
    {
      slug: "culture",
      name: "Culture, sport and festivities",
      description: "Libraries, halls, pitches, shows and associations.",
    },
    {
      slug: "care",
      name: "Care and health",
      description:
        "Staying well, helping each other, growing old at home, living with a disability.",
    },
    {
      slug: "shops",
      name: "Shops and work",
      description: "Markets, shops, workshops and jobs close to home.",
    },
    {
      slug: "public-life",
      name: "Public life",
      description: "Town hall services, budget, information and participation.",
    },
  ],
};
