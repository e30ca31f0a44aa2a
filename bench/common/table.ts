/**
 * Prints rows with their columns one below the other.
 *
 * @param texts How many columns from the left are texts; the others are
 * figures, and stand to the right.
 */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): void {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column < texts ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(cells.join("  ").trimEnd());
  }
}
