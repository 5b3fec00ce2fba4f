/** Something to do, with what must be done before it. */
export interface SortableTask<T> {
  readonly id: string
  /** Its place among tasks that do not depend on each other, as a text that sorts. */
  readonly rank: string
  /** The same one may be there more than once. */
  readonly prerequisites: readonly T[]
}

/**
 * Tasks and their prerequisites, each after its prerequisites and otherwise by rank: a depth-first topological sort. In a
 * cycle, the prerequisite that closes it is ignored.
 */
export function sortTasks<T extends SortableTask<T>>(tasks: Iterable<T>): readonly T[] {
  const ordered: T[] = []
  const visited = new Set<T>()
  const visit = (task: T): void => {
    if (visited.has(task)) return
    visited.add(task)
    for (const earlier of byRank(task.prerequisites)) visit(earlier)
    ordered.push(task)
  }
  for (const task of byRank([...tasks])) visit(task)
  return ordered
}

function byRank<T extends SortableTask<T>>(tasks: readonly T[]): readonly T[] {
  return tasks.length < 2 ? tasks : tasks.toSorted(compareRanks)
}

function compareRanks<T>(one: SortableTask<T>, other: SortableTask<T>): number {
  if (one.rank !== other.rank) return one.rank < other.rank ? -1 : 1
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0
}
