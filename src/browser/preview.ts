const pauseMs = 400;

/**
 * Show how a text will look while it is typed. Its form is posted to the address in
 * `data-preview`, which answers `{"html": …}`, already sanitised by the server.
 */
export function previewText(): void {
  for (const area of document.querySelectorAll<HTMLTextAreaElement>("textarea[data-preview]")) {
    watch(area, area.dataset["preview"] ?? "");
  }
}

function watch(area: HTMLTextAreaElement, address: string): void {
  const { box, body } = previewBox(area.dataset["previewTitle"] ?? "");
  area.after(box);
  let timer = 0;
  let latest = 0;
  const refresh = async (): Promise<void> => {
    const turn = ++latest;
    const html = area.value.trim() === "" ? "" : await askFor(address, area);
    if (turn !== latest || html === null) return;
    body.innerHTML = html;
    box.hidden = html === "";
  };
  area.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void refresh(), pauseMs);
  });
  if (area.value !== "") void refresh();
}

async function askFor(address: string, area: HTMLTextAreaElement): Promise<string | null> {
  const fields = new URLSearchParams({ text: area.value });
  const token = area.form?.querySelector<HTMLInputElement>('input[name="_csrf"]')?.value;
  if (token !== undefined) fields.set("_csrf", token);
  try {
    const headers = { accept: "application/json" };
    const answer = await fetch(address, { method: "POST", body: fields, headers });
    if (!answer.ok) return null;
    const { html } = (await answer.json()) as { html?: unknown };
    return typeof html === "string" ? html : null;
  } catch {
    return null;
  }
}

function previewBox(title: string): { box: HTMLElement; body: HTMLElement } {
  const box = document.createElement("section");
  const heading = document.createElement("p");
  const body = document.createElement("div");
  box.className = "preview";
  box.hidden = true;
  heading.className = "preview-title";
  heading.textContent = title;
  body.className = "prose";
  box.append(heading, body);
  return { box, body };
}
