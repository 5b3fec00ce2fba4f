/** How many at a time, and what ends it early: what has begun is finished, nothing more is begun. */
export interface Parallel {
  readonly jobs: number
  readonly signal: AbortSignal
}

/** Does the work for each item, several at a time. Returns the results in the order of the items. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { jobs, signal }: Parallel,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>()
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      signal.throwIfAborted()
      results.set(index, await work(item))
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: jobs }, worker))
  for (const ended of workers) if (ended.status === 'rejected') throw ended.reason
  return items.flatMap((_, index) => {
    const result = results.get(index)
    return result === undefined ? [] : [result]
  })
}
