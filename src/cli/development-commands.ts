import type { CommandSpec } from './commands/command.js'

/** What a developer does beside the migrations. */
export const developmentCommands: Readonly<Record<string, CommandSpec>> = {
  snapshot: {
    summary: 'replay the migrations in a scratch database and write schema.snapshot.json',
    positionals: ['[BASE]', '[OURS]', '[THEIRS]'],
    options: {
      check: { type: 'boolean', help: 'write nothing; exit with 4 if the file is stale' },
      rehearse: {
        type: 'boolean',
        help: 'with --check: then run each revision up, down and up again; exit with 7 if one fails',
      },
      models: {
        type: 'string',
        value: 'FILE',
        help: 'with --check: then compare what the migrations and these models make; exit with 4 if it differs',
      },
      from: { type: 'string', value: 'REVISION', help: 'with --rehearse: only those after this revision' },
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
    load: async () => (await import('./commands/rehearse/snapshot-rehearse.js')).run,
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
}
