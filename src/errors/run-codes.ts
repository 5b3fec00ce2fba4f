/** What went wrong while something was done. */
export const runCodes = {
  SCHEMA_INIT_REFUSED: {
    exit: 2,
    meaning:
      'The snapshot lacks something that is needed to build a database from it, or PostgreSQL refused a statement that builds it.',
    fix: 'Use `schemagate migrate`, which runs the migrations one by one.',
  },
  SCHEMA_MIGRATION_FAILED: {
    exit: 7,
    meaning: 'A migration threw an error. Its transaction was rolled back, if it had one.',
    fix: 'Correct the migration; the error names the statement and its line, the SQLSTATE and what stayed applied, and says first what fits that SQLSTATE.',
  },
  SCHEMA_BACKUP_FAILED: {
    exit: 7,
    meaning:
      'A database could not be backed up: `pg_dump` is missing, too old or failed, the disk is too full, or `BACKUP_COMMAND` failed. Nothing was migrated.',
    fix: 'Remove the cause that the error names, then run it again.',
  },
  SCHEMA_RESTORE_FAILED: {
    exit: 7,
    meaning:
      'A backup could not be restored: `pg_restore` or `psql` is missing, too old or failed, or the file is no backup. The database is as it was.',
    fix: 'Remove the cause that the error names, then run it again.',
  },
  SCHEMA_PROCESS_ENDED: {
    exit: 1,
    meaning:
      'Code that a migration or the knexfile imports ended the process (`process.exit`) while no migration ran, or left it with nothing to wait for.',
    fix: 'Give that code what it needs; the error says where it ended the process.',
  },
  SCHEMA_HALF_APPLIED: {
    exit: 7,
    meaning:
      'A migration without a transaction was interrupted, or one left an invalid index behind: running it again would fail, or do something twice.',
    fix: 'The error shows how far each revision got and what resolves it; `schemagate repair` does what is safe.',
  },
  SCHEMA_REPAIR_FAILED: {
    exit: 7,
    meaning: 'An invalid index could not be rebuilt.',
    fix: 'Remove what the error names, usually duplicate rows, then run `schemagate repair` again.',
  },
  SCHEMA_APPLY_FAILED: {
    exit: 7,
    meaning: 'A step that `--apply` ran failed. What was done stays; the error lists what is not done.',
    fix: 'Remove the cause that PostgreSQL gives, then run the command again: it makes the SQL for what is left.',
  },
  SCHEMA_APPLY_BLOCKED: {
    exit: 9,
    meaning:
      'A step that `--apply` ran did not get a lock that other sessions hold, within `MIGRATION_LOCK_TIMEOUT`. It was rolled back; the error lists what is done and what is not.',
    fix: 'Check the sessions that the error names: let them finish, or end them. Then run the command again.',
  },
  SCHEMA_PROMISE_BROKEN: {
    exit: 7,
    meaning: 'A migration ran without an error, but the catalog is not what its revision promises.',
    fix: 'Compare expected and actual: the usual cause is an `IF NOT EXISTS` or `hasColumn` that found something else.',
  },
  SCHEMA_ROWS_UNTRUE: {
    exit: 7,
    meaning:
      'The `verify` of a migration threw an error or returned false: the rows are not what it promises.',
    fix: 'The error has what it said. Correct the rows, or the migration that is to write them.',
  },
  SCHEMA_PROMISE_EMPTY: {
    exit: 7,
    meaning:
      'A new migration changes nothing in the catalog and does not say so: `IF EXISTS` with a wrong name, `IF NOT EXISTS` on what an earlier one made, a condition that is always false. No snapshot was written.',
    fix: "Correct the migration, or let it say so: `export const config = { changes: 'rows' }` or `'none'`.",
  },
  SCHEMA_DATABASE_UNREACHABLE: {
    exit: 8,
    meaning: 'No connection to PostgreSQL within `CONNECT_TIMEOUT`.',
    fix: 'Check host, port and network; then run it again.',
  },
  SCHEMA_CONNECTIONS_EXHAUSTED: {
    exit: 8,
    meaning:
      'The role, the database or the server has no connection left within its limit. Reading needs one, migrating two.',
    fix: 'Raise the limit that the error names, or close other connections; then run it again.',
  },
  SCHEMA_MODELS_REFUSED: {
    exit: 7,
    meaning:
      'PostgreSQL refused a statement that adds to the database what its models have, and it was rolled back.',
    fix: 'Correct the rows that the new definition does not allow, or build the database again with `schemagate reset`.',
  },
  SCHEMA_LOCK_TIMEOUT: {
    exit: 9,
    meaning: 'Another process held the migration lock for longer than `LOCK_WAIT_TIMEOUT`.',
    fix: 'Check the session that the error names, then run it again.',
  },
  SCHEMA_MIGRATION_BLOCKED: {
    exit: 9,
    meaning:
      'A migration did not get a lock that other sessions hold, although it was tried again until `MIGRATION_DEADLINE`. It was rolled back.',
    fix: 'Check the sessions that the error names: let them finish, or end them. Then run it again.',
  },
  SCHEMA_CATALOG_LOCKED: {
    exit: 9,
    meaning:
      'Other sessions held locks on tables for longer than `LOCK_WAIT_TIMEOUT`, so the catalog could not be read.',
    fix: 'Check the sessions that the error names, then run it again.',
  },
  SCHEMA_INTERRUPTED: {
    exit: 1,
    meaning: 'The process was asked to stop before its work was done.',
    fix: 'Nothing is left behind; run it again.',
  },
} as const satisfies Record<string, { exit: number; meaning: string; fix: string }>
