const indent = (text) => text.replace(/^/gm, "    ");
const seconds = (ms) => (ms === undefined ? "" : `, ${(ms / 1000).toFixed(1)} s`);

/**
 * Prints each file as it ends, each failure under it and again nothing but the count at the end.
 * @returns the functions that take a file's result, and that close the report with the exit code
 */
export function openReport() {
  const total = { passed: 0, failed: 0, skipped: 0 };

  function file(name, result, { ms, heard = "" }) {
    const failed = result.failures.length;
    total.passed += result.passed;
    total.failed += failed;
    total.skipped += result.skipped;
    console.log(`${failed > 0 ? "✘" : "✔"} ${name} (${result.passed}${seconds(ms)})`);
    for (const line of heard.split("\n").filter((said) => said.startsWith("skipped: "))) {
      console.log(`  ${line}`);
    }
    for (const { title, error } of result.failures) {
      console.log(`  FAILED: ${title}\n${indent(error)}`);
    }
    if (failed > 0 && heard.trim()) console.log(`  It said:\n${indent(heard.trim())}`);
  }

  function close() {
    const { passed, failed, skipped } = total;
    const end = skipped > 0 ? `, ${skipped} skipped` : "";
    if (passed + failed === 0) console.log("No test ran.");
    console.log(`${passed} passed, ${failed} failed${end}`);
    return failed > 0 || passed === 0 ? 1 : 0;
  }

  return { file, close };
}
