/** Ask once more before a button marked with `data-confirm` sends its form. */
export function askBefore(): void {
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset["confirm"];
    if (question !== undefined && !window.confirm(question)) event.preventDefault();
  });
}
