/**
 * Keep a long text until its form was taken or the browser session ends. A form that was sent but led
 * to an error page, or to signing in again, was not taken: its text is found again.
 */
export function keepText(): void {
  const areas = document.querySelectorAll<HTMLTextAreaElement>("textarea[data-keep]");
  forgetTaken([...areas].filter(({ value }) => value !== "").map(keyOf));
  for (const area of areas) {
    const key = keyOf(area);
    const kept = read(key);
    if (area.value === "" && kept !== null && kept !== "") {
      area.value = kept;
      area.dispatchEvent(new Event("input"));
      tellFound(area);
    }
    area.addEventListener("input", () => write(key, area.value));
    area.form?.addEventListener("submit", (event) => {
      queueMicrotask(() => {
        if (!event.defaultPrevented && area.value !== "") write(sentKey, key);
      });
    });
  }
}

/** Names the text that was sent last and whose fate is told by the page that follows. */
const sentKey = "text-sent";

function keyOf(area: HTMLTextAreaElement): string {
  return `text:${area.dataset["keep"] ?? ""}`;
}

function forgetTaken(shownAgain: readonly string[]): void {
  const key = read(sentKey);
  if (key === null) return;
  write(sentKey, "");
  const refused = document.querySelector(".error-page, form[action='/sign-in']") !== null;
  if (!refused && !shownAgain.includes(key)) write(key, "");
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
