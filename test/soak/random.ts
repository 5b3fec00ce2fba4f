/** Numbers from 0 to below 1, the same ones for the same seed. */
export type Random = () => number

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A number from `least` to below `most`. */
export function between(random: Random, [least, most]: readonly [number, number]): number {
  return least + random() * (most - least)
}

/** Draws from a bag that has each thing as often as its weight says, and fills it again when it is empty. */
export function createBag<T extends { readonly weight: number }>(
  things: readonly T[],
  random: Random,
): () => T | undefined {
  const bag: T[] = []
  return () => {
    if (bag.length === 0)
      bag.push(...things.flatMap((thing) => Array.from({ length: thing.weight }, () => thing)))
    return bag.splice(Math.floor(random() * bag.length), 1)[0]
  }
}
