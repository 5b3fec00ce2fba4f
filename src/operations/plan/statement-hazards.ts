import type { Hazard, LockMode } from '../../ddl/statement.js'
import { lockModes } from '../../ddl/statement.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'

/** The relations that were there before the pending revisions: what they are called now, and what they were called then. */
export interface KnownRelations {
  /** The name before the pending revisions; null for a relation that they made. */
  readonly originalOf: (name: string) => string | null
  /** What those that are left are called now. */
  readonly names: () => readonly string[]
  /** Follows what a statement renames and drops. */
  readonly follow: (statement: StatementRecord) => void
}

export function createKnownRelations(relations: readonly string[]): KnownRelations {
  const originals = new Map(relations.map((name) => [name, name]))
  return {
    originalOf: (name) => originals.get(name) ?? null,
    names: () => [...originals.keys()],
    follow: ({ effects: { renamed, dropped } }) => {
      for (const { name } of dropped) originals.delete(name)
      const moved = renamed.map(({ from, to }) => [to, originals.get(from)] as const)
      for (const { from } of renamed) originals.delete(from)
      for (const [to, original] of moved) if (original !== undefined) originals.set(to, original)
    },
  }
}

/**
 * What a statement costs those who use the relations that were there before, which are named as they were: of each relation
 * a rewrite, else a scan, else a lock. Relations that the pending revisions made have no hazards: nobody waits for them.
 */
export function hazardsOfStatement(
  { effects, commands, transactional }: StatementRecord,
  { originalOf }: KnownRelations,
): readonly Hazard[] {
  const known = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => originalOf(name) ?? [])
  const emptied = known(emptiedBy(commands, effects))
  const rewritten = known(effects.rewritten).filter((table) => !emptied.includes(table))
  const scanned = effects.scanned.flatMap(({ table, lock }) => {
    const original = originalOf(table)
    return original === null || lock === null || [...rewritten, ...emptied].includes(original)
      ? []
      : [{ table: original, lock }]
  })
  const named = [...rewritten, ...scanned.map(({ table }) => table)]
  const locks = effects.locks.flatMap(({ table, lock }) => {
    const original = originalOf(table)
    return original === null || named.includes(original) ? [] : [{ table: original, lock }]
  })
  return [
    ...[...lossesOf(effects, originalOf), ...emptied.map((name) => `all rows of ${name}`)].map(
      (what): Hazard => ({ hazard: 'data loss', what }),
    ),
    ...rewritten.map((table): Hazard => ({ hazard: 'table rewrite', table })),
    ...scanned.map((scan): Hazard => ({ hazard: 'full scan', ...scan })),
    ...sortLocks(locks).map((lock): Hazard => ({ hazard: 'lock', ...lock })),
    ...droppedIndexes(effects, originalOf),
    ...(transactional ? [] : [{ hazard: 'outside a transaction' } as const]),
  ]
}

type Effects = StatementRecord['effects']

/** Commands that run others, of which PostgreSQL does not tell. */
const callingCommands = ['SELECT', 'DO', 'CALL']

/** TRUNCATE gives a table another file, like a rewrite, which of a table without rows is as empty. */
function emptiedBy(commands: readonly string[], { rewritten, emptied }: Effects): readonly string[] {
  if (commands.includes('TRUNCATE TABLE')) return rewritten
  return commands.every((command) => callingCommands.includes(command)) ? emptied : []
}

function lossesOf(
  { dropped, droppedColumns, deleted }: Effects,
  originalOf: KnownRelations['originalOf'],
): readonly string[] {
  const tables = dropped.flatMap(({ kind, name }) =>
    (kind === 'table' || kind === 'foreign table') && originalOf(name) !== null ? [name] : [],
  )
  const columns = droppedColumns.filter(
    (column) => originalOf(column.slice(0, column.lastIndexOf('.'))) !== null,
  )
  return [
    ...tables.map((name) => `the rows of ${originalOf(name) ?? name}`),
    ...columns.map((name) => `the values of ${name}`),
    ...deleted.flatMap((name) => originalOf(name) ?? []).map((name) => `rows of ${name}`),
  ]
}

function droppedIndexes({ dropped }: Effects, originalOf: KnownRelations['originalOf']): readonly Hazard[] {
  const gone = new Set(dropped.filter(({ kind }) => kind !== 'index').map(({ name }) => name))
  return dropped.flatMap(({ kind, name, table }) => {
    const original = table === null || gone.has(table) ? null : originalOf(table)
    return kind === 'index' && original !== null
      ? [{ hazard: 'index dropped', index: name, table: original } as const]
      : []
  })
}

function sortLocks<T extends { readonly lock: LockMode }>(locks: readonly T[]): readonly T[] {
  return [...locks].sort((one, other) => lockModes.indexOf(one.lock) - lockModes.indexOf(other.lock))
}
