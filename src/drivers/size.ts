const units: Readonly<Record<string, number>> = { "": 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Bytes of a size as people write it, such as `500 MB` or `2GB` (decimal units); null when odd. */
export function readSize(text: string): number | null {
  const match = /^(\d{1,12}) ?([KMGT]B)?$/i.exec(text.trim());
  const unit = units[match?.[2]?.toUpperCase() ?? ""];
  if (match?.[1] === undefined || unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}
