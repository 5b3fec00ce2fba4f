/** How many at a time, and what ends it early: what has begun is finished, nothing more is begun. */
export interface Parallel {
  readonly jobs: number
  readonly signal: AbortSignal
  /** Called after each case. */
  readonly onDone?: () => void
}

/** Does the work for each item, several at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { jobs, signal }: Parallel,
): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      signal.throwIfAborted()
      await work(item)
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: jobs }, worker))
  for (const ended of workers) if (ended.status === 'rejected') throw ended.reason
}
