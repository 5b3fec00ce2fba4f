import { describeRowWriter } from '../../core/history/written-rows.js'
import { describeDuration, formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { initFromSnapshot, type InitResult } from '../../operations/init/init.js'
import { describeAddress, addressOf } from '../../postgres/connection/address.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate init`: builds an empty database at head from the snapshot, without running the migrations. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const result = await initFromSnapshot(workspace, context)
    const database = describeAddress(addressOf(workspace.migrationConnection))
    return {
      exit: 0,
      text: result.built ? describeNew(database, result) : describeExisting(database, result),
      document: { database, ...result, duration: Math.round(result.duration) },
    }
  })

function describeNew(database: string, { current, revisions, ...result }: InitResult): string {
  const { rows, rowsVerified, statements, duration } = result
  const missing = [
    '',
    'Recorded without running. The rows that they write are missing:',
    ...rows.map((writer) => `  ${describeRowWriter(writer)}`),
    'On an empty database, schemagate migrate runs them instead.',
  ]
  return [
    `${database} is at ${current}: ${formatCount(statements, 'statement')} in ${describeDuration(duration)}, verified, ${formatCount(revisions.length, 'revision')} recorded.`,
    ...(rowsVerified.length === 0
      ? []
      : ['', `No row is missing, as their verify says, of: ${rowsVerified.map(toPrintable).join(', ')}`]),
    ...(rows.length === 0 ? [] : missing),
  ].join('\n')
}

function describeExisting(database: string, { current, pending }: InitResult): string {
  const built = `${database} is already what the snapshot promises at ${current}. Nothing was done.`
  return pending.length === 0
    ? built
    : `${built}\n${formatCount(pending.length, 'revision')} pending: schemagate migrate applies them.`
}
