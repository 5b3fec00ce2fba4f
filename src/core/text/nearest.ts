/**
 * The candidate that a mistyped name probably means: at most 2 edits away, fewer if the candidate is short: one for every
 * `lettersPerEdit` of it.
 */
export function nearestName(
  name: string,
  candidates: readonly string[],
  lettersPerEdit = 4,
): string | undefined {
  const close = candidates
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(2, Math.floor(candidate.length / lettersPerEdit)))
  return close.toSorted((one, other) => one.edits - other.edits)[0]?.candidate
}

/** How many letters must be added, removed or replaced to turn one text into the other (Levenshtein distance). */
function editDistance(from: string, to: string): number {
  const first = Array.from({ length: to.length + 1 }, (_, index) => index)
  return (
    from
      .split('')
      .reduce((above, letter) => nextDistanceRow(above, letter, to), first)
      .at(-1) ?? 0
  )
}

function nextDistanceRow(above: readonly number[], letter: string, to: string): number[] {
  const row = [(above[0] ?? 0) + 1]
  for (const [index, other] of to.split('').entries()) {
    const replaced = (above[index] ?? 0) + (letter === other ? 0 : 1)
    row.push(Math.min(replaced, (above[index + 1] ?? 0) + 1, (row[index] ?? 0) + 1))
  }
  return row
}
