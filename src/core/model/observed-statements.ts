/** A notice or warning of PostgreSQL. */
export interface ServerNotice {
  readonly severity: string
  readonly sqlstate: string
  readonly message: string
}

/** What PostgreSQL reported while a revision ran. */
export interface ObservedStatements {
  /** The command of each statement, as PostgreSQL names it, each once: `ALTER TABLE`, `INSERT`. */
  readonly commands: readonly string[]
  readonly notices: readonly ServerNotice[]
}

/** They write rows, or rebuild what rows are stored in: work that the catalog does not show. */
const rowCommands = [
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'TRUNCATE TABLE',
  'REFRESH MATERIALIZED VIEW',
  'ANALYZE',
  'VACUUM',
  'REINDEX',
  'CLUSTER',
]

/** They change what belongs to the server or to the whole database, which the catalog does not hold. */
const serverCommand = / (?:ROLE|DATABASE|SYSTEM|TABLESPACE)$|^SECURITY LABEL$/

/** They change nothing that lasts, or nothing of their own. */
const passingCommands = [
  'SELECT',
  'FETCH',
  'MOVE',
  'SHOW',
  'EXPLAIN',
  'SET',
  'RESET',
  'SET CONSTRAINTS',
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'LOCK TABLE',
  'DECLARE CURSOR',
  'CLOSE CURSOR',
  'CLOSE CURSOR ALL',
  'PREPARE',
  'DEALLOCATE',
  'DEALLOCATE ALL',
  'DISCARD',
  'DISCARD ALL',
  'LISTEN',
  'UNLISTEN',
  'NOTIFY',
  'CHECKPOINT',
  'LOAD',
  'DO',
  'CALL',
]

/** `duplicate_table`, `duplicate_schema`, `duplicate_column`, `duplicate_object`: what IF NOT EXISTS skips. */
export const skippedStates: readonly string[] = ['42P07', '42P06', '42701', '42710', '42723']

/**
 * Why a revision that changed nothing in the catalog is doubtful: it ran a statement that was to change it, or did nothing
 * at all. Null where it worked on rows, maybe with a function or a table that it makes and drops for that, or on what the
 * catalog does not hold. `wroteRows` says whether it wrote to a table.
 */
export function explainEmptyChange(
  { commands, notices }: ObservedStatements,
  wroteRows: boolean,
): string | null {
  const worked = wroteRows || commands.some((command) => rowCommands.includes(command))
  const skipped = notices.some(isSkipped)
  const changing = commands.filter(
    (command) =>
      !rowCommands.includes(command) &&
      !passingCommands.includes(command) &&
      !serverCommand.test(command) &&
      !(worked && !skipped && isTakenBack(command, commands)),
  )
  if (changing.length > 0) return `ran ${changing.join(', ')}`
  if (skipped) return 'skipped what it was to change'
  if (worked || commands.some((command) => serverCommand.test(command))) return null
  const others = commands.filter((command) => ['DO', 'CALL', 'SELECT'].includes(command))
  return others.length === 0 ? 'ran no statement' : `ran only ${others.join(', ')}`
}

/** Of statements that skipped nothing: what `DROP FUNCTION` took back was made before it, or the catalog had changed. */
function isTakenBack(command: string, commands: readonly string[]): boolean {
  return (
    command.startsWith('DROP ') || commands.includes(command.replace(/^CREATE (.+?)(?: AS)?$/, 'DROP $1'))
  )
}

function isSkipped({ sqlstate, message }: ServerNotice): boolean {
  return skippedStates.includes(sqlstate) || message.endsWith(' skipping')
}
