import type { CommandSpec, OptionSpec } from './commands/command.js'

const toOption: OptionSpec = { type: 'string', value: 'REVISION', help: 'stop at this revision' }

/** Options of every command that asks for confirmation (confirm.ts). */
const confirmOptions: Readonly<Record<string, OptionSpec>> = {
  yes: { type: 'boolean', help: 'do it without asking; not enough in a protected environment' },
  confirm: {
    type: 'string',
    value: 'ENVIRONMENT',
    help: 'do it without asking in this environment, even if it is protected',
  },
}

/** Options of every command that writes SQL for a database that exists (apply.ts). */
const planOptions: Readonly<Record<string, OptionSpec>> = {
  allow: {
    type: 'string',
    value: 'HAZARD[,…]',
    help: 'show or apply the SQL only if it has no other hazards; none: if it has none',
  },
  apply: { type: 'boolean', help: 'run the SQL, after showing it, step by step; kept in the ledger' },
  ...confirmOptions,
}

/** Every command, for --help, the documentation and the parser. */
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
    summary:
      'build an empty database at head straight from the snapshot, verified and recorded; a second run does nothing',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/init.js')).run,
  },
  status: {
    summary: 'show how the database relates to this build and what the gate would do; changes nothing',
    positionals: [],
    options: {
      all: { type: 'boolean', help: 'one line for each environment of config/*.json and of the knexfile' },
    },
    load: async () => (await import('./commands/status.js')).run,
  },
  verify: {
    summary: 'compare the live catalog with the promise, object by object, and show the repairing SQL',
    positionals: [],
    options: {
      sql: { type: 'boolean', help: 'print only the repairing SQL, which was run in a scratch database' },
      'drop-unexpected': {
        type: 'boolean',
        help: 'write also what takes back harmless differences: it drops what no migration made',
      },
      ...planOptions,
    },
    load: async () => (await import('./commands/verify.js')).run,
  },
  plan: {
    summary:
      'run the pending revisions in a scratch database, and show what each statement locks, rewrites and loses',
    positionals: [],
    options: {
      offline: { type: 'boolean', help: 'ask no database: from the snapshot alone, with --from' },
      from: {
        type: 'string',
        value: 'REVISION',
        help: 'begin after this revision, as if a database were there; asks no database',
      },
      sql: { type: 'boolean', help: 'print only the SQL of the pending revisions' },
      allow: {
        type: 'string',
        value: 'HAZARD[,…]',
        help: 'exit with 0 if there are no other hazards (default lock,outside-a-transaction); none: if there are none',
      },
    },
    load: async () => (await import('./commands/plan/plan.js')).run,
  },
  diff: {
    summary: 'compare two of: database, snapshot[@REVISION], sql:FILE, models:FILE, a URL',
    positionals: ['FROM', 'TO'],
    options: {
      sql: {
        type: 'boolean',
        help: 'print only the SQL that leads from FROM to TO, which was run in a scratch database',
      },
      ...planOptions,
    },
    load: async () => (await import('./commands/diff.js')).run,
  },
  check: {
    summary: 'exit with 0 if this build may serve on this database (init containers)',
    positionals: [],
    options: {
      wait: { type: 'boolean', help: 'wait for the database, and for another process to migrate it' },
      timeout: { type: 'string', value: 'TIME', help: 'how long to wait (default 10m)' },
    },
    load: async () => (await import('./commands/check.js')).run,
  },
  snapshot: {
    summary: 'replay the migrations in a scratch database and write schema.snapshot.json',
    positionals: ['[BASE]', '[OURS]', '[THEIRS]'],
    options: {
      check: { type: 'boolean', help: 'write nothing; exit with 4 if the file is stale' },
      merge: {
        type: 'boolean',
        help: 'merge the snapshots of two branches into OURS, as a merge driver of git; exit with 4 if a replay is needed',
      },
      full: {
        type: 'boolean',
        help: 'replay all revisions, also where the new ones alone would do; --check always does',
      },
      'accept-empty': {
        type: 'boolean',
        help: 'take revisions that change nothing as they are, for those applied long ago',
      },
    },
    load: async () => (await import('./commands/snapshot.js')).run,
  },
  types: {
    summary: 'write the types of all tables for Knex from the snapshot; needs no database',
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
    summary: 'write a migration with the next timestamp: empty, or drafted from the wanted schema',
    positionals: ['NAME'],
    options: {
      ts: { type: 'boolean', help: 'in TypeScript (default: as the knexfile says, or the others are)' },
      js: { type: 'boolean', help: 'in JavaScript' },
      from: {
        type: 'string',
        value: 'SOURCE',
        help: 'draft the change from the snapshot to SOURCE, and let Knex run it in a scratch database: database, models:FILE or sql:FILE',
      },
      'no-concurrently': {
        type: 'boolean',
        help: 'draft indexes that share the transaction and block writes to the table',
      },
    },
    load: async () => (await import('./commands/new.js')).run,
  },
  down: {
    summary: 'revert the newest revision, verified before its commit',
    positionals: [],
    options: {
      to: { ...toOption, help: 'revert everything newer than this revision' },
      force: { type: 'boolean', help: 'revert although the down leaves differences; needs --reason' },
      reason: { type: 'string', value: 'TEXT', help: 'why it is forced; kept in the ledger' },
      ...confirmOptions,
    },
    load: async () => (await import('./commands/down.js')).run,
  },
  stamp: {
    summary:
      'record the revisions up to REVISION without running them, only if the database is what they promise',
    positionals: ['[REVISION]'],
    options: {
      force: { type: 'boolean', help: 'record although the database differs; needs --reason' },
      reason: { type: 'string', value: 'TEXT', help: 'why it is forced; kept in the ledger' },
      forget: { type: 'boolean', help: 'remove from the ledger the revisions whose files are lost' },
      ...confirmOptions,
    },
    load: async () => (await import('./commands/stamp.js')).run,
  },
  adopt: {
    summary: 'give the database to this service and environment, for example when it is a copy',
    positionals: [],
    options: confirmOptions,
    load: async () => (await import('./commands/adopt.js')).run,
  },
  repair: {
    summary: 'repair interrupted migrations where it is safe, after showing it: record, rebuild, unlock',
    positionals: [],
    options: confirmOptions,
    load: async () => (await import('./commands/repair.js')).run,
  },
  url: {
    summary: 'print the URL of the database with its password, for make and scripts; starts nothing',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/url.js')).run,
  },
  exec: {
    summary: 'run COMMAND (after --) with DATABASE_URL, PGHOST, PGUSER, PGPASSWORD, … of the database',
    positionals: ['COMMAND', '[ARGUMENT]...'],
    options: {},
    load: async () => (await import('./commands/exec.js')).run,
  },
  config: {
    summary: 'print every effective value with its layer, secrets masked',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/config.js')).run,
  },
}
