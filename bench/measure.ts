/** `wall` and `cpu` in milliseconds, `rss` in bytes, `rate` a second. */
export type Quantity = 'wall' | 'cpu' | 'rss' | 'rate'

export type Measured = Readonly<Partial<Record<Quantity, number>>>

/** One of the things to compare. */
export interface Contender {
  readonly name: string
  /** Does it once. Returns the same quantities each time. */
  readonly run: () => Promise<Measured>
}

/** What cannot be compared here, and why. */
export interface Absent {
  readonly name: string
  readonly notMeasured: string
}

export interface Rounds {
  readonly warmUp: number
  readonly runs: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** The median of this contender's value divided by the first contender's value of the same round. */
  readonly ratio: number
}

export interface Figure {
  readonly contender: string
  readonly runs: number
  readonly spreads: Readonly<Partial<Record<Quantity, Spread>>>
  /** Why there are no spreads; null where there are. */
  readonly notMeasured: string | null
}

/**
 * Runs the contenders in turn, A B C A B C, so that other work of the machine affects all of them. Warm-up rounds do not
 * count. The first contender is what the others are compared with.
 */
export async function compare(
  contenders: readonly (Contender | Absent)[],
  { warmUp, runs }: Rounds,
): Promise<readonly Figure[]> {
  const present = contenders.filter((one) => 'run' in one)
  const rounds: ReadonlyMap<string, Measured>[] = []
  for (let round = 0; round < warmUp + runs; round += 1) {
    const measured = new Map<string, Measured>()
    for (const { name, run } of present) measured.set(name, await run())
    if (round >= warmUp) rounds.push(measured)
  }
  return contenders.map((one) =>
    'run' in one
      ? { contender: one.name, runs, spreads: spreadsOf(rounds, one.name, present[0]), notMeasured: null }
      : { contender: one.name, runs: 0, spreads: {}, notMeasured: one.notMeasured },
  )
}

/** The duration of some work. */
export async function timed(work: () => Promise<unknown>): Promise<{ readonly wall: number }> {
  const started = performance.now()
  await work()
  return { wall: performance.now() - started }
}

function spreadsOf(
  rounds: readonly ReadonlyMap<string, Measured>[],
  name: string,
  first: Contender | undefined,
): Figure['spreads'] {
  const spreads: Partial<Record<Quantity, Spread>> = {}
  for (const quantity of ['wall', 'cpu', 'rss', 'rate'] as const) {
    const own = rounds.map((round) => round.get(name)?.[quantity]).filter((value) => value !== undefined)
    const base = rounds.map((round) => round.get(first?.name ?? name)?.[quantity])
    if (own.length > 0) spreads[quantity] = spreadOf(own, base)
  }
  return spreads
}

function spreadOf(values: readonly number[], base: readonly (number | undefined)[]): Spread {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    ratio: median(values.map((value, round) => value / (base[round] ?? NaN))),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2
}
