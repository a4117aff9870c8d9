export { checkTranslations, type TranslationFault } from "./check.js";
export { createFormats, type DateStyle, type Formats, type NumberStyle } from "./formats.js";
export { LANGUAGES, negotiateLanguage, type LanguageWishes } from "./languages.js";
export { parametersOf, type MessageParams } from "./messages.js";
export {
  isTranslated,
  loadTranslations,
  translationsOf,
  type Translations,
} from "./translations.js";
export { createTranslators, type Translator, type TranslatorFor } from "./translator.js";
