import { administrationCommands } from './administration-commands.js'
import type { CommandSpec } from './commands/command.js'
import { developmentCommands } from './development-commands.js'
import { confirmOptions, planOptions, toOption } from './shared-options.js'

/** What is done with a database, or asked of it. */
const databaseCommands: Readonly<Record<string, CommandSpec>> = {
  serve: {
    summary: 'migrate, verify, then bind the port and serve /health/schema',
    positionals: [],
    options: {},
    load: null,
  },
  migrate: {
    summary: 'apply the pending revisions, each verified before its commit',
    positionals: [],
    options: {
      to: { ...toOption, help: 'the last revision to apply (default: head)' },
      backup: { type: 'boolean', help: 'back the database up first, whatever BACKUP_BEFORE_MIGRATE says' },
    },
    load: async () => (await import('./commands/migrate.js')).run,
  },
  restore: {
    summary: 'load a backup into an empty or emptied database, all or nothing, and verify it',
    positionals: ['FILE'],
    options: {
      'no-owner': { type: 'boolean', help: 'leave out owners and rights: their roles need not be there' },
      adopt: { type: 'boolean', help: 'give the database to this service and environment, as `adopt` does' },
      ...confirmOptions,
    },
    load: async () => (await import('./commands/backup/restore.js')).run,
  },
  init: {
    summary:
      'build an empty database at head straight from the snapshot, verified and recorded; a second run does nothing',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/init.js')).run,
  },
  reset: {
    summary: 'drop what a database of development or test has, and build it again with its seeds',
    positionals: [],
    options: {
      yes: { type: 'string', value: 'DATABASE', help: 'the name of the database, without being asked' },
      'end-sessions': { type: 'boolean', help: 'end the other sessions of the database first' },
    },
    load: async () => (await import('./commands/models/reset.js')).run,
  },
  status: {
    summary: 'show how the database relates to this build and what the gate would do; changes nothing',
    positionals: [],
    options: {
      all: { type: 'boolean', help: 'one line for each environment of config/*.json and of the knexfile' },
    },
    load: async () => (await import('./commands/status.js')).run,
  },
  history: {
    summary:
      'show what happened to each revision of the database: when, how long, by whom, what it changed; changes nothing',
    positionals: ['[REVISION]'],
    options: {
      limit: { type: 'string', value: 'N', help: 'show at most the N newest revisions (default 20)' },
    },
    load: async () => (await import('./commands/history/history.js')).run,
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
      data: {
        type: 'boolean',
        help: 'also run the verify of each applied revision, which says whether its rows are there; nothing can be written',
      },
      timeout: { type: 'string', value: 'TIME', help: 'how long --data may take (default 1m)' },
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
      format: {
        type: 'string',
        value: 'FORMAT',
        help: 'text, json, markdown, github (annotations), sarif or junit (default text)',
      },
      sql: { type: 'boolean', help: 'print only the SQL of the pending revisions' },
      allow: {
        type: 'string',
        value: 'HAZARD[,…]',
        help: 'exit with 0 if there are no other hazards (default PLAN_ALLOW: lock,outside-a-transaction); none: if there are none',
      },
      refuse: {
        type: 'string',
        value: 'RULE[,…]',
        help: 'exit with 4 for this advice, too',
      },
    },
    load: async () => (await import('./commands/plan/plan.js')).run,
  },
  rehearse: {
    summary:
      'run every pending revision up, down and up again in a scratch database, with rows, and compare the catalogs; changes no other',
    positionals: [],
    options: {
      all: { type: 'boolean', help: 'rehearse all revisions of this build; asks no database' },
      from: {
        type: 'string',
        value: 'REVISION',
        help: 'rehearse those after this revision; asks no database',
      },
      on: {
        type: 'string',
        value: 'URL',
        help: 'rehearse in this database, a restored copy, on its rows; it is changed',
      },
      confirm: {
        type: 'string',
        value: 'DATABASE',
        help: 'the name of the database of --on, without being asked',
      },
      'no-rows': { type: 'boolean', help: 'generate no rows, and run no seeds' },
      format: { type: 'string', value: 'FORMAT', help: 'text, json, markdown or junit (default text)' },
    },
    load: async () => (await import('./commands/rehearse/rehearse.js')).run,
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
  backup: {
    summary: 'back the database up with pg_dump into BACKUP_TO or BACKUP_COMMAND, and note it in the ledger',
    positionals: [],
    options: {},
    load: async () => (await import('./commands/backup/backup.js')).run,
  },
  export: {
    summary:
      'print the schema as SQL for an empty database, which was run in a scratch database; needs no pg_dump',
    positionals: [],
    options: {
      revision: {
        type: 'string',
        value: 'REVISION',
        help: 'as the snapshot promises it at this revision (default: head)',
      },
      from: {
        type: 'string',
        value: 'SOURCE',
        help: 'from database, snapshot[@REVISION], sql:FILE, models:FILE or a URL (default snapshot)',
      },
      'schema-only': {
        type: 'boolean',
        short: 's',
        help: 'only the schema, as always: for those who know pg_dump',
      },
      out: { type: 'string', value: 'FILE', help: 'the file (default -, for stdout)' },
    },
    load: async () => (await import('./commands/export/export.js')).run,
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
}

/** Every command, for --help, the documentation and the parser. */
export const commands: Readonly<Record<string, CommandSpec>> = {
  ...databaseCommands,
  ...developmentCommands,
  ...administrationCommands,
}
