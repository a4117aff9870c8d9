/**
 * Give or withdraw a support without leaving the page: the form is sent in the background and
 * only its box is replaced by the one of the answered page. Anything unexpected sends it plainly.
 */
export function supportInPlace(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const box = form.closest<HTMLElement>("[data-support]");
    if (box === null || event.defaultPrevented) return;
    event.preventDefault();
    void send(form, box);
  });
}

async function send(form: HTMLFormElement, box: HTMLElement): Promise<void> {
  const button = form.querySelector("button");
  button?.setAttribute("aria-busy", "true");
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") fields.append(name, value);
  }
  const next = await nextBox(form.action, fields);
  if (next === null) {
    form.submit();
    return;
  }
  box.replaceWith(next);
  next.querySelector("button")?.focus({ preventScroll: true });
}

async function nextBox(address: string, fields: URLSearchParams): Promise<HTMLElement | null> {
  try {
    const headers = { accept: "text/html" };
    const answer = await fetch(address, { method: "POST", body: fields, headers });
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector<HTMLElement>("[data-support]");
  } catch {
    return null;
  }
}
