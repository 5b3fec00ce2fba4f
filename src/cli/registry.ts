import type { OptionSpec, CommandHandler } from './commands/command.js'

export interface CommandSpec {
  readonly summary: string
  /** Words after the command, as in `new NAME`; those in brackets may be left out. */
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Loaded when it is called, so that a command costs only what it needs. Null for `serve`, which is not one. */
  readonly load: (() => Promise<CommandHandler>) | null
}

const toOption: OptionSpec = { type: 'string', value: 'REVISION', help: 'stop at this revision' }

/** Of every command that confirms what it does (confirm.ts). */
const confirmOptions: Readonly<Record<string, OptionSpec>> = {
  yes: { type: 'boolean', help: 'do it without asking; in a protected environment that is not enough' },
  confirm: {
    type: 'string',
    value: 'ENVIRONMENT',
    help: 'do it without asking in this environment, which may be a protected one',
  },
}

/** Every command: what --help, the documentation and the parser know. */
export const commands: Readonly<Record<string, CommandSpec>> = {
  serve: {
    summary: 'migrate, verify, then bind the port and serve /health/schema',
    positionals: [],
    options: {},
    load: null,
  },
  migrate: {
    summary: 'apply the pending revisions, each verified before its commit',
    positionals: [],
    options: { to: { ...toOption, help: 'the last revision to apply (default: head)' } },
    load: async () => (await import('./commands/migrate.js')).run,
  },
  init: {
    summary: 'build an empty database at head straight from the snapshot, verified, all revisions recorded',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/init.js')).run,
  },
  status: {
    summary: 'say where the database stands to this build; changes nothing',
    positionals: [],
    options: { all: { type: 'boolean', help: 'one line for each environment that has a config/*.json' } },
    load: async () => (await import('./commands/status.js')).run,
  },
  verify: {
    summary: 'compare the live catalog with the promise, object by object, and show what repairs it',
    positionals: [],
    options: { sql: { type: 'boolean', help: 'print nothing but the repairing SQL' } },
    load: async () => (await import('./commands/verify.js')).run,
  },
  diff: {
    summary: 'compare two of: database, snapshot[@REVISION], sql:FILE, models:FILE, a URL',
    positionals: ['FROM', 'TO'],
    options: { sql: { type: 'boolean', help: 'print nothing but the SQL that brings FROM to TO' } },
    load: async () => (await import('./commands/diff.js')).run,
  },
  check: {
    summary: 'exit with 0 if this build may serve on this database (init containers)',
    positionals: [],
    options: {
      wait: { type: 'boolean', help: 'wait for the database, and for somebody else to migrate it' },
      timeout: { type: 'string', value: 'TIME', help: 'how long to wait (default 10m)' },
    },
    load: async () => (await import('./commands/check.js')).run,
  },
  snapshot: {
    summary: 'replay the migrations in a scratch database and write schema.snapshot.json',
    positionals: [],
    options: { check: { type: 'boolean', help: 'write nothing; exit with 4 if the file is stale' } },
    load: async () => (await import('./commands/snapshot.js')).run,
  },
  types: {
    summary: 'write the types of all tables for Knex from the snapshot; looks at no database',
    positionals: [],
    options: {
      out: {
        type: 'string',
        value: 'FILE',
        help: 'the file, - for stdout (default knex-tables.d.ts beside the migrations folder)',
      },
      check: { type: 'boolean', help: 'write nothing; exit with 4 if the file is stale' },
    },
    load: async () => (await import('./commands/types.js')).run,
  },
  new: {
    summary: 'write a migration with the next timestamp: empty, or drafted from what the schema shall be',
    positionals: ['NAME'],
    options: {
      ts: { type: 'boolean', help: 'in TypeScript (default: as the other migrations)' },
      js: { type: 'boolean', help: 'in JavaScript' },
      from: {
        type: 'string',
        value: 'SOURCE',
        help: 'draft what leads there from the snapshot: database, models:FILE or sql:FILE',
      },
      'no-concurrently': {
        type: 'boolean',
        help: 'draft indexes that share the transaction, while writers of the table wait',
      },
    },
    load: async () => (await import('./commands/new.js')).run,
  },
  down: {
    summary: 'revert the newest revision, verified before its commit',
    positionals: [],
    options: { to: { ...toOption, help: 'revert everything newer than this revision' }, ...confirmOptions },
    load: async () => (await import('./commands/down.js')).run,
  },
  stamp: {
    summary:
      'record what is already there: the revisions up to REVISION, without running them, only if it is true',
    positionals: ['[REVISION]'],
    options: {
      force: { type: 'boolean', help: 'record although the database differs; needs --reason' },
      reason: { type: 'string', value: 'TEXT', help: 'why it is forced, kept in the ledger' },
      forget: { type: 'boolean', help: 'take recorded revisions whose files are lost out of the record' },
      ...confirmOptions,
    },
    load: async () => (await import('./commands/stamp.js')).run,
  },
  adopt: {
    summary: 'make the database this service and environment its own, when it changed hands or is a copy',
    positionals: [],
    options: confirmOptions,
    load: async () => (await import('./commands/adopt.js')).run,
  },
  repair: {
    summary: 'do what is safe about interrupted migrations, after showing it: record, rebuild, unlock',
    positionals: [],
    options: confirmOptions,
    load: async () => (await import('./commands/repair.js')).run,
  },
  config: {
    summary: 'print every effective value and the layer it comes from, secrets masked',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/config.js')).run,
  },
}

/** Options of every command. Those with a key set it for this run, over every other layer. */
export const globalOptions: Readonly<Record<string, OptionSpec & { readonly key?: string }>> = {
  migrations: {
    type: 'string',
    value: 'DIR',
    help: 'the migrations folder, several with commas',
    key: 'MIGRATIONS_DIR',
  },
  knexfile: { type: 'string', value: 'FILE', help: "an existing project's own settings", key: 'KNEXFILE' },
  'database-url': { type: 'string', value: 'URL', help: 'the database', key: 'DATABASE_URL' },
  env: {
    type: 'string',
    value: 'TARGET',
    help: 'the environment, as in config/TARGET.json',
    key: 'ENV_TARGET',
  },
  json: { type: 'boolean', help: 'one JSON document on stdout; words go to stderr' },
  help: { type: 'boolean', help: 'this text' },
  version: { type: 'boolean', help: 'the version of schemagate' },
}
