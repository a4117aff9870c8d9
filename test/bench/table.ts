/** One row of measurements; the columns are the same in every row of a table. */
export type Row = Readonly<Record<string, string>>;

/** Print rows as a table that Markdown understands too. */
export function printTable(title: string, rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((name) =>
    Math.max(name.length, ...rows.map((row) => (row[name] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const body = rows.map((row) => line(columns.map((name) => row[name] ?? "")));
  process.stdout.write(["", `## ${title}`, "", line(columns), rule, ...body, ""].join("\n"));
  process.stdout.write("\n");
}

/** The middle of some figures; of an even number the mean of the two. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** A figure with that many decimals. */
export function fixed(figure: number, decimals = 0): string {
  return figure.toFixed(decimals);
}
