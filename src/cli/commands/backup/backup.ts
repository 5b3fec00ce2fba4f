import { formatBytes } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { backUpDatabase } from '../../../operations/backup/back-up-database.js'
import { addressOf, describeAddress } from '../../../postgres/connection/address.js'
import { withWorkspace } from '../../../workspace.js'
import type { CommandHandler } from '../command.js'

/** `schemagate backup`: pg_dump of the database, noted in its ledger. */
export const run: CommandHandler = (context) =>
  withWorkspace(context, async (workspace) => {
    const database = describeAddress(addressOf(workspace.migrationConnection))
    const backup = await backUpDatabase(workspace, context)
    const { name, size, sha256, current } = backup
    return {
      exit: 0,
      text: [
        `${toPrintable(name)}: ${formatBytes(size)}, ${database} at ${toPrintable(current ?? 'no revision')}`,
        `sha256 ${sha256}`,
      ].join('\n'),
      document: { database, ...backup },
    }
  })
