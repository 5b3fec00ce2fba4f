import { describeCounts, formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { type MigratedDatabase, migrateTo } from '../../operations/migrate/migrate.js'
import { findKnex } from '../../project/project-knex.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withWorkspace } from '../../workspace.js'
import { assessmentDocument, describeUnverified } from './assessment-report.js'
import { type CommandHandler, type CommandResult, textOption } from './command.js'

/** `schemagate migrate`: the gate without a port. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, options } = context
  const backup = { ...config.backup, ...(options['backup'] === true ? { before: 'always' as const } : {}) }
  return withWorkspace({ ...context, config: { ...config, backup } }, async (workspace) => {
    const migrated = await migrateTo(workspace, textOption(context, 'to'), context)
    const { inspection, assessment, applied, notices, built } = migrated
    const { verification } = assessment
    const verified =
      verification.status === 'verified'
        ? `Verified: ${describeCounts(verification.compared)}.`
        : describeUnverified(verification.why)
    return {
      exit: 0,
      text: `${describeAddress(inspection.database)} ${describeMigrated(migrated)} ${verified}`,
      document: {
        applied,
        notices,
        ...(built === null ? {} : { built }),
        knex: findKnex(workspace.project).version,
        ...assessmentDocument(migrated, context.config.target),
      },
    }
  })
}

function describeMigrated({ assessment: { history }, applied, built }: MigratedDatabase): string {
  const statements = formatCount(built?.statements ?? 0, 'statement')
  if (history.models !== undefined)
    return `is built from ${toPrintable(history.models)}, not from migrations. Added: ${statements}.`
  const from = built === null ? '' : ` Built from the snapshot: ${statements}.`
  return `is ${history.position}, at ${toPrintable(history.current ?? 'no revision')}.${from} Applied: ${applied.length}.`
}
