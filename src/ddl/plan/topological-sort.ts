/** Something to do, with the ids of what must be done before it. */
export interface Task {
  /** Its place among tasks that do not depend on each other, as a text that sorts. */
  readonly rank: string
  readonly prerequisites: Set<string>
}

/**
 * The ids of tasks, each after its prerequisites and otherwise by rank: a depth-first topological sort. In a cycle, the
 * prerequisite that closes it is ignored.
 */
export function sortTasks(tasks: ReadonlyMap<string, Task>): readonly string[] {
  const ordered: string[] = []
  const visited = new Set<string>()
  const byRank = (ids: Iterable<string>): readonly string[] =>
    [...ids]
      .map((id) => [tasks.get(id)?.rank ?? '', id] as const)
      .sort(compareRanks)
      .map(([, id]) => id)
  const visit = (id: string): void => {
    const task = tasks.get(id)
    if (task === undefined || visited.has(id)) return
    visited.add(id)
    for (const earlier of byRank(task.prerequisites)) visit(earlier)
    ordered.push(id)
  }
  for (const id of byRank(tasks.keys())) visit(id)
  return ordered
}

function compareRanks(
  [rank, id]: readonly [string, string],
  [otherRank, otherId]: readonly [string, string],
): number {
  if (rank !== otherRank) return rank < otherRank ? -1 : 1
  return id < otherId ? -1 : id > otherId ? 1 : 0
}
