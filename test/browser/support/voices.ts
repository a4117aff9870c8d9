/** What was said about the first wish: who, in answer to which, and the words. */
export const talk: ReadonlyArray<readonly [who: number, parent: number | null, words: string]> = [
  [
    1,
    null,
    "Je tiens l’étal de fromages : passé onze heures, plus personne. Deux rangées d’arbres, c’est deux heures de marché en plus.",
  ],
  [2, 0, "Et l’ombre profiterait aussi à la terrasse du café, qui ferme l’après-midi en août."],
  [
    3,
    null,
    "Attention à la place pour les camions le samedi. Si les arbres sont alignés sur les piliers de la halle, cela passe : j’ai mesuré.",
  ],
  [4, 2, "Merci pour le relevé ! Pourriez-vous le joindre à la proposition ?"],
  [
    5,
    null,
    "Pourquoi des tilleuls ? Avec les étés qui viennent, des micocouliers tiendraient mieux, et ils ne tachent pas les auvents.",
  ],
  [6, 4, "Les deux peuvent se mélanger, c’est même mieux pour les insectes."],
  [7, null, "La fontaine marche encore : il suffit de changer la pompe. Mon père l’entretenait."],
];

/** What people tend to say under the others. */
export const remarks: readonly string[] = [
  "Je soutiens. Cela fait des années qu’on en parle.",
  "Bonne idée, mais qui s’en occuperait au quotidien ?",
  "D’accord sur le fond. Il faudrait aussi penser à l’hiver.",
  "Je peux donner un coup de main le week-end.",
  "La commune voisine l’a fait l’an dernier, et cela marche très bien.",
];

/** Whom they are. */
export const names: readonly string[] = [
  ...["Sasha", "Nadia Ferrand", "Paul", "Mireille Astier", "Le Café de la Halle", "Bastien R."],
  ...["Jeanne", "Omar Belkacem", "Lucie et Tom", "Henri", "Fatou", "Les Jardins du Grand-Pré"],
  ...["Ariane", "Thibault", "Rosa", "Yann", "Odile Marchetti", "Kim", "Parents de Jules-Ferry"],
  ...["Gaspard", "Inès", "Victor", "Solène", "Martin", "Aïcha", "Hugo", "Élodie", "Joachim"],
];
