/** What a program has to end when it ends itself, however that comes. */
export interface Endings {
  /** As a test of tap takes it: what is opened last is ended first. */
  readonly owner: { readonly teardown: (ending: () => Promise<void>) => void }
  /** Ends all, once. */
  readonly endAll: () => Promise<void>
}

/** Collects endings, and runs them on SIGINT and SIGTERM, too. `before` comes first of all. */
export function collectEndings(before: () => Promise<void> = async () => {}): Endings {
  const endings: (() => Promise<void>)[] = []
  const end = async (): Promise<void> => {
    await before()
    for (const ending of endings.toReversed()) await ending()
  }
  let ended: Promise<void> | undefined
  const endAll = (): Promise<void> => (ended ??= end())
  // Not `once`: signal-exit, which testcontainers brings, ends the process if no listener is left beside its own.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void endAll().finally(() => process.exit(1)))
  return { owner: { teardown: (ending) => void endings.push(ending) }, endAll }
}
