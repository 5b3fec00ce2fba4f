/** One of the things to compare: its name, and how to do it once. */
export interface Contender {
  readonly name: string
  /** Does it once and returns the figure to compare, such as milliseconds. */
  readonly run: () => Promise<number>
}

export interface Rounds {
  readonly warmUp: number
  readonly runs: number
}

export interface Figure {
  readonly name: string
  readonly median: number
  /** The median of this figure divided by the first contender's figure of the same round. */
  readonly ratio: number
}

/**
 * Runs the contenders in turn, A B C A B C, so that other work of the machine affects all of them. Warm-up rounds do not
 * count.
 */
export async function compare(
  contenders: readonly Contender[],
  { warmUp, runs }: Rounds,
): Promise<readonly Figure[]> {
  const figures = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < warmUp + runs; round += 1)
    for (const { name, run } of contenders) {
      const figure = await run()
      if (round >= warmUp) figures.get(name)?.push(figure)
    }
  const [first = []] = figures.values()
  return [...figures].map(([name, values]) => ({
    name,
    median: median(values),
    ratio: median(values.map((value, round) => value / (first[round] ?? value))),
  }))
}

/** The duration of some work, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2
}
