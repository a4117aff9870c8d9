/* Runs inside the page: `inPage` is what the tests ask about it. No types here, since the rest of
   the project knows no document. */
globalThis.inPage = {
  /** What a ruler finds. */
  shape() {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const small = all("a, button, summary, input:not([type=hidden]), select, textarea")
      .filter((one) => getComputedStyle(one).display !== "inline")
      .filter((one) => one.closest(".unseen, .skip-link") === null)
      .filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        return width > 0 && (width < 24 || height < 24);
      })
      .map((one) => one.outerHTML.slice(0, 80));
    const ids = all("[id]").map(({ id }) => id);
    return {
      small,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      headings: all("h1").length,
      mains: all("main").length,
      title: document.title,
      lang: document.documentElement.lang,
      noIndex: all('meta[name="robots"]').length > 0,
      description: all('meta[name="description"]')[0]?.content ?? "",
    };
  },
  /** Texts that their box cuts off, and a page wider than the window, with letters of `size`. */
  cutAt(size) {
    document.documentElement.style.fontSize = size;
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    const cut = [...document.querySelectorAll("h1, h2, h3, .button, .label, .status, .card-title")]
      .filter((one) => getComputedStyle(one).display !== "inline" && one.clientWidth > 1)
      .filter((one) => one.scrollWidth > one.clientWidth + 2)
      .map((one) => `cut: ${one.textContent.trim().slice(0, 60)}`);
    return [...(wide > 0 ? [`${wide} px too wide`] : []), ...cut];
  },
  /** Words inside of what `selector` finds that go on in another line. */
  brokenWords(selector) {
    const broken = [];
    for (const one of document.querySelectorAll(selector)) {
      const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
        for (const { index, 0: word } of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
          const range = document.createRange();
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          if (range.getClientRects().length > 1) broken.push(word);
        }
      }
    }
    return broken;
  },
  /** What is wrong with the focus: nothing shows it, or it is out of sight; null when it is well. */
  focusFault() {
    const one = document.activeElement;
    if (one === null || one === document.body) return null;
    const styles = [one, one.parentElement].map((each) => getComputedStyle(each));
    const shown = [...styles, getComputedStyle(one, "::after")].some(
      ({ outlineWidth, outlineStyle }) => parseFloat(outlineWidth) >= 2 && outlineStyle !== "none",
    );
    const { top, bottom } = one.getBoundingClientRect();
    return shown && bottom > 0 && top < window.innerHeight ? null : one.outerHTML.slice(0, 120);
  },
  /** The name of what has the focus. */
  focused() {
    const one = document.activeElement;
    if (one?.tagName === "TEXTAREA") return "comment";
    return one?.getAttribute("aria-label") ?? one?.textContent ?? "";
  },
  /** Names of the fields that the summary of errors links to. */
  summary() {
    const links = [...document.querySelectorAll(".error-summary a")];
    return links.map((a) => document.querySelector(a.getAttribute("href"))?.name ?? "nothing");
  },
};
