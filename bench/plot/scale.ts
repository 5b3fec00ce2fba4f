/** The ends of an axis, in its own unit or in pixels. */
export interface Range {
  readonly from: number
  readonly to: number
}

export type Scale = (value: number) => number

/** Where a value is in pixels, if equal factors are equally far. */
export function logScale(values: Range, pixels: Range): Scale {
  const size = Math.log(values.to / values.from)
  return (value) => {
    const share = size === 0 ? 0.5 : Math.log(value / values.from) / size
    return pixels.from + share * (pixels.to - pixels.from)
  }
}

/** …, 0.1, 0.2, 0.5, 1, 2, 5, 10, …: from the last one that is no more than any value to the first that is no less. */
export function logTicks(values: readonly number[]): readonly number[] {
  const all = Array.from({ length: 13 }, (_, power) =>
    [1, 2, 5].map((step) => step * 10 ** (power - 6)),
  ).flat()
  const first = all.findLastIndex((tick) => tick <= Math.min(...values))
  const last = all.findIndex((tick) => tick >= Math.max(...values))
  return all.slice(first, last + 1)
}

/** Moves the positions of labels apart that are nearer than `distance`, and keeps their order and all above `end`. */
export function spreadLabels(positions: readonly number[], distance: number, end: number): readonly number[] {
  const order = positions
    .map((_, index) => index)
    .toSorted((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0))
  const placed = [...positions]
  let previous = -Infinity
  for (const index of order) placed[index] = previous = Math.max(positions[index] ?? 0, previous + distance)
  let next = end + distance
  for (const index of order.toReversed()) placed[index] = next = Math.min(placed[index] ?? 0, next - distance)
  return placed
}
