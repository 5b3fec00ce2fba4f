/** A function that computes its value when it is first called, and returns the same from then on. */
export function once<T>(compute: () => T): () => T {
  let pending: (() => T) | null = compute
  let value: T
  return () => {
    if (pending !== null) {
      value = pending()
      pending = null
    }
    return value
  }
}
