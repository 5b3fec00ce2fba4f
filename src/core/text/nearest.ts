/** The candidate that a mistyped name probably means: at most 2 edits away, fewer if the candidate is short. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const close = candidates
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(2, Math.floor(candidate.length / 4)))
  return close.toSorted((one, other) => one.edits - other.edits)[0]?.candidate
}

/** How many letters must be added, removed, replaced or swapped with the next to turn one text into the other. */
function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (let index = 1; index <= from.length; index += 1) rows.push(nextDistanceRow(rows, from, to))
  return rows.at(-1)?.at(-1) ?? 0
}

function nextDistanceRow(rows: readonly (readonly number[])[], from: string, to: string): number[] {
  const [above = [], twoAbove = []] = [rows.at(-1), rows.at(-2)]
  const last = rows.length - 1
  const row = [(above[0] ?? 0) + 1]
  for (const [index, letter] of to.split('').entries()) {
    const replaced = (above[index] ?? 0) + (from[last] === letter ? 0 : 1)
    const isSwap = index > 0 && from[last] === to[index - 1] && from[last - 1] === letter
    const swapped = isSwap ? (twoAbove[index - 1] ?? 0) + 1 : Infinity
    row.push(Math.min(replaced, swapped, (above[index + 1] ?? 0) + 1, (row[index] ?? 0) + 1))
  }
  return row
}
