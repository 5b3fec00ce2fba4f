import { formatCount, describeDuration } from '../../core/text/format.js'
import { initFromSnapshot } from '../../operations/init/init.js'
import { describeAddress, addressOf } from '../../postgres/connection/address.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate init`: builds an empty database at head from the snapshot, without running the migrations. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const { revisions, withoutChanges, statements, duration } = await initFromSnapshot(workspace, {
      report: context.report,
    })
    const database = describeAddress(addressOf(workspace.migrationConnection))
    const rows =
      withoutChanges.length === 0
        ? []
        : [
            '',
            'Recorded without running. The rows that they write are missing:',
            ...withoutChanges.map((revision) => `  ${revision}`),
          ]
    return {
      exit: 0,
      text: [
        `${database} is at ${revisions.at(-1)}: ${formatCount(statements, 'statement')} in ${describeDuration(duration)}, verified, ${formatCount(revisions.length, 'revision')} recorded.`,
        ...rows,
      ].join('\n'),
      document: { database, revisions, withoutChanges, statements, duration: Math.round(duration) },
    }
  })
