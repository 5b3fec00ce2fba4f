import { access } from 'node:fs/promises'
import { findingsOf } from '../../../core/history/decision.js'
import { describeOwner, hasOtherOwner } from '../../../core/history/ownership.js'
import { describeDifference } from '../../../core/model/describe.js'
import { formatCount, shortenList } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { SchemaError } from '../../../errors/schema-error.js'
import { readDatabaseStatus } from '../../../gate/read-status.js'
import { seriousFindings } from '../../../gate/situations/describe.js'
import { adopt } from '../../../operations/adopt/adopt.js'
import { verifyRows } from '../../../operations/rows/verify-rows.js'
import { findObjectsToDrop, restoreDatabase } from '../../../operations/backup/restore-database.js'
import { addressOf, describeAddress } from '../../../postgres/connection/address.js'
import { withClient } from '../../../postgres/connection/connect.js'
import { inspect } from '../../../postgres/inspect/inspect.js'
import { withWorkspace, type Workspace } from '../../../workspace.js'
import type { CommandContext, CommandHandler, CommandResult } from '../command.js'
import { requireConfirmation } from '../confirm.js'
import { reportRows } from '../rows/rows-report.js'

/** How long the revisions may look at their rows, in milliseconds. */
const rowsTimeout = 60_000

/** `schemagate restore FILE`: loads a backup, and verifies what came of it. */
export const run: CommandHandler = (context) =>
  withWorkspace(context, async (workspace) => {
    const [file = ''] = context.positionals
    await access(file).catch((cause: unknown) => {
      throw new SchemaError('SCHEMA_USAGE', {
        what: `There is no file ${file}. Nothing was done.`,
        choices: [['schemagate history', 'shows where the backups are']],
        cause,
      })
    })
    await confirmRestore(context, workspace, file)
    const withOwners = context.options['no-owner'] !== true
    await restoreDatabase(workspace, { file, withOwners }, context)
    if (context.options['adopt'] === true) {
      const { identity } = await withClient(workspace.connection, (client) => inspect(client, workspace))
      await adopt(workspace, identity, context)
    }
    return resultOf(context, workspace, file)
  })

/** An empty database has nothing to lose. */
async function confirmRestore(context: CommandContext, workspace: Workspace, file: string): Promise<void> {
  const objects = await findObjectsToDrop(workspace)
  if (objects.length === 0) return
  await requireConfirmation(context, {
    what: 'Everything in the database will be dropped, and the backup loaded in its place.',
    facts: [
      ['database', describeAddress(addressOf(workspace.migrationConnection))],
      ['drops', [formatCount(objects.length, 'object'), ...shortenList(objects)]],
      ['file', file],
    ],
  })
}

async function resultOf(context: CommandContext, workspace: Workspace, file: string): Promise<CommandResult> {
  const { inspection, assessment } = await readDatabaseStatus(workspace, context)
  const { history, ownership, verification } = assessment
  const { current, position, applied } = history
  const database = describeAddress(inspection.database)
  const findings = findingsOf(assessment)
  const isOther = hasOtherOwner(ownership)
  const rows = reportRows(isOther ? [] : await verifyRows(workspace, applied, rowsTimeout, context))
  const lines = [
    `${database}: ${file} restored, at ${current ?? 'no revision'} (${position})`,
    verification.status === 'verified'
      ? `verified: ${findings.length === 0 ? 'as promised' : formatCount(findings.length, 'difference')}`
      : `NOT VERIFIED: ${verification.why}`,
    ...shortenList(findings.flatMap(describeDifference)),
    ...(isOther && ownership.identity !== null
      ? [
          `it belongs to ${describeOwner(ownership.identity)}; schemagate adopt gives it to ${describeOwner(ownership.expected)}`,
        ]
      : []),
  ]
  const isAsPromised = verification.status === 'verified' && seriousFindings(assessment).length === 0
  return {
    exit: isOther ? 6 : isAsPromised ? rows.exit : 4,
    text: [...lines.map(toPrintable), ...(rows.document.length === 0 ? [] : [rows.text])].join('\n'),
    document: { file, database, current, position, verification, findings, rows: rows.document },
  }
}
