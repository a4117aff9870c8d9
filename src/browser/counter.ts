/** Show how many characters are left in a long text, once less than a fifth is. */
export function countCharacters(): void {
  for (const area of document.querySelectorAll<HTMLTextAreaElement>("textarea[data-counter]")) {
    const counter = document.createElement("p");
    counter.className = "hint counter";
    counter.setAttribute("aria-live", "polite");
    area.after(counter);
    const show = (): void => {
      const left = area.maxLength - area.value.length;
      const isNear = left < area.maxLength / 5;
      counter.textContent = isNear
        ? `${area.dataset["counter"] ?? ""}${left.toLocaleString(document.documentElement.lang)}`
        : "";
    };
    area.addEventListener("input", show);
    show();
  }
}
