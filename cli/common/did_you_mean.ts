/**
 * Says which known word somebody may have meant.
 *
 * @returns The rest of a sentence, or nothing if no word is near.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const typed = word.toLowerCase();
  // A third of a word is a typo; more is another word.
  const most = Math.max(1, Math.floor(typed.length / 3));
  const ranked = known
    .map((each) => ({ each, distance: distanceOf(typed, each) }))
    .filter(({ each, distance }) =>
      distance <= most || typed.length > 2 && each.startsWith(typed)
    )
    .sort((one, other) => one.distance - other.distance);
  const [nearest] = ranked;
  return nearest ? `: did you mean ${nearest.each}?` : "";
}

/**
 * How many letters have to be put in, taken out, changed or swapped with their
 * neighbour to make one word of another.
 */
function distanceOf(from: string, to: string): number {
  // One row for each letter of `from`, of the distances to each start of `to`.
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (isSame ? 0 : 1),
        isSwapped ? before[j - 2]! + 1 : Infinity,
      );
    }
    before = row;
    row = next;
  }
  return row[to.length]!;
}
