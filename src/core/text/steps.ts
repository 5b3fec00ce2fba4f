/**
 * Work that is done in steps of a few milliseconds. Between two of them others can have their turn.
 */
export type Steps<T> = Generator<void, T, void>

/** How many objects of a catalog, rows or the like are handled in one step. */
export const itemsPerStep = 500

/** Does something with each of many items, in steps. */
export function* forEachInSteps<T>(items: Iterable<T>, act: (item: T) => void): Steps<void> {
  let left = itemsPerStep
  for (const item of items) {
    act(item)
    left -= 1
    if (left > 0) continue
    left = itemsPerStep
    yield
  }
}

/** Takes all steps at once. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
