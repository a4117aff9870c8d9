import { closeMenus } from "./menus.js";
import { askBefore } from "./confirm.js";
import { countCharacters } from "./counter.js";
import { keepText } from "./keep-text.js";
import { previewText } from "./preview.js";
import { refreshTimes } from "./times.js";
import { supportInPlace } from "./support.js";

document.querySelector<HTMLElement>("[data-focus]")?.focus();
closeMenus();
askBefore();
countCharacters();
keepText();
previewText();
refreshTimes();
supportInPlace();
