/** How many items are processed at a time, and what ends the processing early. Items in progress are then finished. */
export interface Concurrency {
  readonly jobs: number
  readonly signal: AbortSignal
  /** Called after each case. */
  readonly onDone?: () => void
}

/** Calls `work` for each item, several at a time. */
export async function runConcurrently<Item>(
  items: readonly Item[],
  { jobs, signal }: Concurrency,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const remaining = items.values()
  const worker = async (): Promise<void> => {
    for (const item of remaining) {
      signal.throwIfAborted()
      await work(item)
    }
  }
  const results = await Promise.allSettled(Array.from({ length: jobs }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
