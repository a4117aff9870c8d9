/** Keep an unsent long text until its form is sent or the browser session ends. */
export function keepText(): void {
  for (const area of document.querySelectorAll<HTMLTextAreaElement>("textarea[data-keep]")) {
    const key = `text:${area.dataset["keep"] ?? ""}`;
    const kept = read(key);
    if (area.value === "" && kept !== null && kept !== "") {
      area.value = kept;
      area.dispatchEvent(new Event("input"));
      tellFound(area);
    }
    area.addEventListener("input", () => write(key, area.value));
    area.form?.addEventListener("submit", (event) => {
      queueMicrotask(() => {
        if (!event.defaultPrevented) write(key, "");
      });
    });
  }
}

function tellFound(area: HTMLTextAreaElement): void {
  const note = document.createElement("p");
  note.className = "hint";
  note.setAttribute("role", "status");
  note.textContent = area.dataset["keepText"] ?? "";
  area.after(note);
}

/** Storage may be switched off: then nothing is kept. */
function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    return;
  }
}
