import type { CommandSpec } from './commands/command.js'
import { confirmOptions, toOption } from './shared-options.js'

/** What is done by hand where something is to be put right, and for scripts. */
export const administrationCommands: Readonly<Record<string, CommandSpec>> = {
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
