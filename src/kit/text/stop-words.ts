/**
 * Words too common to search by, in French and English, lower-cased with their accents: "thé" is a
 * word to find though "the" is not. Short parts of elisions (qu', jusqu') belong here too.
 */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "au aux avec ce ces cet cette dans de des du elle elles en est et eu il ils je jusqu la le les leur " +
    "leurs lorsqu lui ma mais me mes moi mon ne nos notre nous on ou où par pas pour puisqu qu quand que " +
    "quel quelle quelles quels qui quoiqu sa se ses si son sont sur ta te tes toi ton très tu un une vos " +
    "votre vous y à été être ont avoir fait faire ainsi afin donc dont comme sans sous " +
    "an and are as at be been but by can do does for from has have her his how in into is it its my no " +
    "not of or our she so than that the their them then there these they this to was we were what when " +
    "where which who will with would you your " +
    "http https www com"
  ).split(" "),
);
