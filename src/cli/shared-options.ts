import type { OptionSpec } from './commands/command.js'

/** Where a command stops. */
export const toOption: OptionSpec = { type: 'string', value: 'REVISION', help: 'stop at this revision' }

/** Options of every command that asks for confirmation (confirm.ts). */
export const confirmOptions: Readonly<Record<string, OptionSpec>> = {
  yes: { type: 'boolean', help: 'do it without asking; not enough in a protected environment' },
  confirm: {
    type: 'string',
    value: 'ENVIRONMENT',
    help: 'do it without asking in this environment, even if it is protected',
  },
}

/** Options of every command that writes SQL for a database that exists (apply.ts). */
export const planOptions: Readonly<Record<string, OptionSpec>> = {
  allow: {
    type: 'string',
    value: 'HAZARD[,…]',
    help: 'show or apply the SQL only if it has no other hazards; none: if it has none',
  },
  undo: {
    type: 'boolean',
    help: 'print only the SQL that takes it back, which was run in a scratch database; it cannot be told afterwards',
  },
  apply: { type: 'boolean', help: 'run the SQL, after showing it, step by step; kept in the ledger' },
  ...confirmOptions,
}
